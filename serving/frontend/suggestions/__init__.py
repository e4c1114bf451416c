"""Questions offered to the reader, made from what is covered."""
