"""Numbers of an answer drawn and written: charts, exact values, tables, CSV."""
