"""The promises of the five policies, each shown kept through the doors that people and systems use."""
