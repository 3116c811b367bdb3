"""Readers of manifests and lock files, one file a format: text in, packages and problems out."""
