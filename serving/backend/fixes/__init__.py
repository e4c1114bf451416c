"""Bad answers become issues that the coding agent works on: for administrators, off unless it is set up."""
