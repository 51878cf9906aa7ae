"""What attributions leave in a folder, and how it is read again."""
