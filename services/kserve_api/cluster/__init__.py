"""The Kubernetes API server as the rest of the service sees it: resources, one asynchronous client, its errors."""
