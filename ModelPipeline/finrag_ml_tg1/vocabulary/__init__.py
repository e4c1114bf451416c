"""The field's words: items of a 10-K, statements, accounting synonyms. Imports nothing."""
