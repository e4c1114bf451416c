"""Sevalla's REST API: how the deployed applications are, and suspending, activating and deploying them on demand."""
