"""Processes that serve FinRAG: the HTTP back end and the browser front end."""
