"""From a pair of networks and cases to one score per filter."""
