"""Blocks to passages: what is embedded, ranked and cited."""
