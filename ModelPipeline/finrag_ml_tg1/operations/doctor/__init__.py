"""`finrag doctor`: small checks of the settings, the store, the index and the machine, each with what to do."""
