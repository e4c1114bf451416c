"""Questions in a conversation: what one that leans on those before it means alone."""
