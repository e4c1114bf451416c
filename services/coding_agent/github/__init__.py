"""GitHub: issues, permissions, webhooks, pull requests, and how we prove who we are."""
