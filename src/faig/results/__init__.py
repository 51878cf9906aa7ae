"""What stands in a run directory: names, columns, readers, writers."""
