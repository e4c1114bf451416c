"""Fictional annual reports, generated: the sample filings that `make run` ingests and the tests rely on."""
