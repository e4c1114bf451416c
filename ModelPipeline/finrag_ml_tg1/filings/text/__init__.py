"""A document's elements to one canonical text: what is shown, in blocks, with the place of everything traced."""
