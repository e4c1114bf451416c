"""EDGAR, SEC's filing archive: which filings a company made, and their documents, fetched politely and kept."""
