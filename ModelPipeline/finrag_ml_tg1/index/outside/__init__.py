"""Outside engines for vectors, for corpora whose vectors one machine does not hold."""
