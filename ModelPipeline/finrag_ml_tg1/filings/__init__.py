"""Offline: filing HTML to canonical text, items, tables and passages."""
