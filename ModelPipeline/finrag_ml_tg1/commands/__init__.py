"""The commands of `finrag`, one a file. Costly imports are inside them, so that help and small commands are quick."""
