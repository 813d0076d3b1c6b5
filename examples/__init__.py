"""Code locations of others, as they would write them."""
