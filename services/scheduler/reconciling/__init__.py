"""Schedules made to agree with the triggers again, whatever crashed between."""
