"""The numbers of a filing: where they are printed, which fiscal year they belong to, their rows in the facts table."""
