"""One module for each topic, one function for each rule; `RULES` of each module is what runs."""
