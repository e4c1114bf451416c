"""Language models that write answers: one Protocol, its providers, and what keeps a failing one from being asked."""
