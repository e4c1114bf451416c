"""The state of the back end and the page that shows it."""
