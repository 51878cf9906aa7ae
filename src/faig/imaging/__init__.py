"""Images, what is done to them, and how good a restoration is."""
