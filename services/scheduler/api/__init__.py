"""The API role over HTTP: triggers, health, access, errors."""
