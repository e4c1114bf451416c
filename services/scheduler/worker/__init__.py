"""The worker role: takes jobs, makes the calls, records them."""
