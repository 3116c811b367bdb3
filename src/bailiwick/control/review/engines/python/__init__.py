"""Review of Python: the app's modules read once, what their values may be, and where those go."""
