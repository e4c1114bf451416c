"""Where commands of a model run: no secret, no network, bounded in everything."""
