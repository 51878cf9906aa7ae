"""The ground truth study: every method held against cases in which the right filters are known."""
