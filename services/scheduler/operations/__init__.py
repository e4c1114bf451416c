"""The doctor, and the commands of whoever runs the service."""
