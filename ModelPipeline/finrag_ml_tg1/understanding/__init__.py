"""Question to Scope: which companies, fiscal years, items and forms are meant."""
