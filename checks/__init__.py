"""What `make check` asks beyond style and types: of what others wrote and we install, and of what must not be here.

`audit` is the entry; each other module looks at one thing and returns what is wrong with it, one line each.
"""
