"""Packs, calendars and clocks."""
