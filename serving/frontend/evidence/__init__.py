"""What an answer rests on: its source buttons, and the drawer with the words of the filing."""
