"""What comes in, and what must not."""
