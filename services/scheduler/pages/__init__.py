"""Pages for people: a workspace's executions, and the queues. No script, nothing from other hosts."""
