"""The answer to a request: a readable page, a PDF and JSON, all made from the same facts."""
