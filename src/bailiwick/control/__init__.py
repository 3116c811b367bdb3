"""The control plane: decides and remembers."""
