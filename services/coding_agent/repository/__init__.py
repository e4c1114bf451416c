"""Git: clone, patch, guard and push, with the token out of everybody's sight."""
