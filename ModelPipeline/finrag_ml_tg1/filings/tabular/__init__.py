"""Tables as a reader understands them: every number with its label, its column's period and its unit."""
