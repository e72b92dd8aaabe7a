"""Rules of people's accounts."""
