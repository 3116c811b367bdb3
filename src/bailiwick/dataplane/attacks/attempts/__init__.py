"""Attempts to get out of a sandbox. They run inside of one, from a copy, and import the standard library only."""
