"""The coding agent: an issue URL in, a tested draft pull request out."""
