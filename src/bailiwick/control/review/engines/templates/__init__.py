"""Templates of pages: what they put out, where in the page it stands, and whether it is escaped for that place."""
