"""When orders are tried again, and what may stand in them."""
