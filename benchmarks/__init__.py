"""Measurements of FinRAG on the machine they run on; results name the hardware."""
