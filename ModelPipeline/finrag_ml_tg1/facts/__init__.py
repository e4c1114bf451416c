"""Plan to numbers: the tagged facts of the periods asked for, and arithmetic on them with every step shown."""
