"""What a language model is asked: the words (YAML, with a version) and the evidence put into them, fenced as data."""
