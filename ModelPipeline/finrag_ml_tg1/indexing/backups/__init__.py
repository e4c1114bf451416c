"""Copies of an index and of what stands beside it in another store: made, kept for a time, checked and restored."""
