"""Tests of the house itself: its order, its budgets, its papers."""
