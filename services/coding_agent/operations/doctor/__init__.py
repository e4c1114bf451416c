"""What `doctor` looks at: one file for each part of a deployment, one function for each check."""
