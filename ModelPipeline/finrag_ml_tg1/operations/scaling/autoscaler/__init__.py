"""The HorizontalPodAutoscaler of Kubernetes (autoscaling/v2) as pure functions of its manifest, metrics and past."""
