"""Networks with altered filters, and what that changes."""
