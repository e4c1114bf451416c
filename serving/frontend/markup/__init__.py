"""Text of others made harmless before it reaches the page. Pure; shows nothing itself."""
