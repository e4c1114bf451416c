"""Everything at once on one machine, to see it work: Redis, an object store, both roles, something to call."""
