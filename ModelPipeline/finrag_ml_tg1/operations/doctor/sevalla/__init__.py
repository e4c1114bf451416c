"""`finrag doctor --target sevalla`: what can be seen of a deployment before it is made."""
