"""What of the store is whole, what of the rest can be had, and what is lost with it."""
