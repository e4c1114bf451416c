"""Settings, credentials, the object store and the local cache: everything that reaches outside the process."""
