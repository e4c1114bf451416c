"""The indexing service: ingestion and evaluation as jobs over HTTP, in the image that holds the offline rooms."""
