"""HTTP: routes, schemas, who may do what, and the audit of it."""
