"""Networks: built, recognised, read, written, run, compared."""
