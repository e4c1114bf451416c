"""`finrag doctor --url`: what is deployed, looked at from outside as strangers and browsers reach it."""
