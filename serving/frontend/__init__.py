"""The chat in the browser. Imports nothing of ours but this folder: it talks HTTP to the back end."""
