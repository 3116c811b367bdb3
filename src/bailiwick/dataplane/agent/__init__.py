"""The agent of a data plane: hears what should be, makes it so, and reports."""
