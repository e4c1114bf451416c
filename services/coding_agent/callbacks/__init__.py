"""Callbacks: a job's state is sent, signed, to the address that its submitter named."""
