"""What can be asked: the catalog and the page that shows it."""
