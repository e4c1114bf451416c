"""What shall run: the triggers of each workspace, their cron times, where they are kept."""
