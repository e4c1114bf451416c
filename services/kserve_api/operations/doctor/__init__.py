"""What `doctor` looks at: one file for each part of an installation or an app, one function for each check."""
