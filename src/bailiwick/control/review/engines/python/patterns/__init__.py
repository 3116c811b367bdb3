"""Faults that a line of Python shows by itself, with what its names may hold there."""
