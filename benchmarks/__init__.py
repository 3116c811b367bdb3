"""Benchmarks of the hot paths, one file each, against a peer or a limit."""
