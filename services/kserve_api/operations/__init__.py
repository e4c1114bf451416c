"""For the people who run it: doctor, logs, restarts."""
