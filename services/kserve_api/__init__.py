"""The deploy API: a container image in, an auto-scaled HTTPS app on KServe out."""
