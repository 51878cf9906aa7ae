"""The claims of the paper, and ours, held against the tables of a run."""
