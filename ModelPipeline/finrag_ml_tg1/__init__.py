"""FinRAG: questions about SEC annual reports, answered from the filer's own words."""

__version__ = "0.1.0"
