"""Kubernetes manifests: strictly valid, and what no schema sees: bounds, references, selectors, probes, access."""
