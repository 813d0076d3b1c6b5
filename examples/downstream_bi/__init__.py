"""A BI team's code location: see README.md."""
