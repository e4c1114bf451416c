"""Apps of tenants: what is wanted of one, its InferenceService, its domains, secrets, revisions and logs."""
