"""The vault side: the only rooms that read or write notes."""
