"""What the agent says to the model, as Jinja templates."""
