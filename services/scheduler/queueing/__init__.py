"""What is due: schedules and jobs, behind a port; BullMQ on Redis."""
