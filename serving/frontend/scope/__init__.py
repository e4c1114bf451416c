"""What a question is limited to: shown as it was understood, chosen by hand, and carried in a link."""
