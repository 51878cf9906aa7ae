"""Charts and pictures, from result files."""
