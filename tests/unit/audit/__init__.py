"""The log's tree, tiles, notes, statements and their verification."""
