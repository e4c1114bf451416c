"""The log, metrics for Prometheus, and what is never written to them."""
