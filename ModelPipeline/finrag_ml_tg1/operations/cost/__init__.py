"""What running FinRAG costs: dated prices, exact amounts, and the cases people ask about."""
