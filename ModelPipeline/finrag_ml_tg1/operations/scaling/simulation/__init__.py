"""Load, replicas and the autoscaler together, moment by moment."""
