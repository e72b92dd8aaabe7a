"""The file, its rules, its clashes with the law, its notices and differences."""
