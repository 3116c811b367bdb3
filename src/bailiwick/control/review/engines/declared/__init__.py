"""Declared against used: what the code reaches against what the manifest declares, both ways."""
