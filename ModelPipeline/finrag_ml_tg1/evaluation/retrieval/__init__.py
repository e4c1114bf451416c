"""How well the product finds the right filing and the right page, on questions of others and our own."""
