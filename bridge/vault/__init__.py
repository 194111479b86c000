"""The vault: the only rooms that read or write notes."""
