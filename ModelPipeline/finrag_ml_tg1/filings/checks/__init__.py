"""A filing checked against itself: tagged against printed, total against parts, statement against statement.

Only what is certain is judged: what cannot be told to be wrong is no mismatch.
"""
