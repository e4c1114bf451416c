"""The chat page: questions, their answers, and what lasts of them in a session."""
