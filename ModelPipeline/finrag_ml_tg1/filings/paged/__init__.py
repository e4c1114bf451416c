"""Filings kept as the text of their pages, as a PDF gives it: pages with their numbers in, HTML with tables out."""
