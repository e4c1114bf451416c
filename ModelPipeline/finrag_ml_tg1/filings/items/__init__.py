"""Which stretch of a filing is which item: headings, tables of contents, cross-reference indexes."""
