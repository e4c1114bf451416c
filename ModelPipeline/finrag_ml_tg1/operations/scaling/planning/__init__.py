"""What a load needs: replicas of each role, an engine for the vectors, a place to run, and what it costs."""
