"""Statements, units and guards."""
