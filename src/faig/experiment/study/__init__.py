"""A whole study: a list of stages that resume."""
