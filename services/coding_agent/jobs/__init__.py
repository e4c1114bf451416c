"""Jobs: what is asked, how far it is, and the store and queue that lose none."""
