"""Packages: what an app installs, by its manifests and lock files, against what is known of it."""
