"""What is deployed, and where: the descriptor of the applications."""
