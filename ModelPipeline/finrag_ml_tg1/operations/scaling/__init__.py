"""Scaling FinRAG out: whether its Kubernetes manifests are right, and how many of what a load needs."""
