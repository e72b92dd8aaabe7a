"""What the web doors have in common: how errors become statuses."""
