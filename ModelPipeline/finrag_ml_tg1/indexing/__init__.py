"""Offline: the tables of many filings to a new index version, made current atomically."""
