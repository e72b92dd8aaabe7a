"""What is personal in texts and columns."""
