"""The doors for others: the API of the operator's systems, and the public pages."""
