"""The index as files, read and written here alone."""
