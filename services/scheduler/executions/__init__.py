"""What ran: a record of each execution, buffered, spooled, kept on S3, read with Polars."""
