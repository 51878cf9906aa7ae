"""Training of baseline and target: configuration, data, loop."""
