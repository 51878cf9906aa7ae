"""What found filters are, and what they are good for."""
