"""What whoever runs the service asks: is it well, what did it do, what does it cost."""
