"""Preformatted text, as filings were before HTML: lines and columns to paragraphs and tables."""
