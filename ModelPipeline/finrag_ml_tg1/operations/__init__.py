"""Running FinRAG: starting it on a laptop, checking it, knowing what it costs."""
