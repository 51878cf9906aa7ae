"""The colours of all pictures."""

# The first six are told apart by all eyes (Okabe and Ito).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7d8793", "#8f5ac4", "#a8443a", "#6b8e23")
REST = "#e8e8e8"  # what is in no set
