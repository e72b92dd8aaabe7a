"""Migrations of the main database."""
