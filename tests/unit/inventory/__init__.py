"""Where personal data lies: reading files and tables."""
