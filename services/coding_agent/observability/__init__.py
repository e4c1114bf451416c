"""Logs without secrets, metrics for Prometheus and CloudWatch."""
