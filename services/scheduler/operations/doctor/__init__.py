"""Looks at an installation: what is wrong, why, what to do about it, and the command to see it by hand."""
