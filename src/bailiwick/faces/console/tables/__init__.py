"""Tables of the console: one mechanism for every list."""
