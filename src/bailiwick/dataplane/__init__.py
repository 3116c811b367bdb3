"""A data plane: enforces and runs."""
