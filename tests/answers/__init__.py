"""Screens that no link leads to: what forms are answered with, and what is there for a moment only."""
