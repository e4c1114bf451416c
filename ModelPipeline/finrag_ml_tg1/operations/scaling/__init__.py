"""How FinRAG grows: the autoscaler's algorithm simulated on load, and a plan of replicas, engine and cost."""
