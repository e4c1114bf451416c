"""One HTTP call to a customer's address: guarded, bounded, repeated."""
