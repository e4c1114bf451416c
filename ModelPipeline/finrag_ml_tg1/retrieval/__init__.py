"""Scope to ranked passages."""
