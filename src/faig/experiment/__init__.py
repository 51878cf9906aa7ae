"""Studies: loops over attribution, interventions and effects, in run directories that resume."""
