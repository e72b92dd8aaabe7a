"""When a consent counts."""
