"""Seals, keys and masks."""
