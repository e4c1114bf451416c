"""Answers to take away: as Markdown, as one HTML file, as tables."""
