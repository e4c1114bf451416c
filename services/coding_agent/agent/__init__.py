"""The agent loop: a model is asked for commands until it submits, within limits."""
