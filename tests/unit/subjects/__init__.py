"""Where a person stands."""
