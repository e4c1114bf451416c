"""Passages to an answer whose every statement cites the filing."""
