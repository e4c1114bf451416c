"""The HTTP contract: what is accepted and returned, and nothing else."""
