"""Answers judged: against gold answers, by their citations, and the grader itself by human grades."""
