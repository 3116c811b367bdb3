"""Engines for what surrounds an app's code: shell, containers, workflows, migrations and settings."""
