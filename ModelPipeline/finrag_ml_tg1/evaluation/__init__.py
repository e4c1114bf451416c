"""Offline: how well the product does, measured with the code it runs."""
