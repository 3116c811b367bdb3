"""See https://api.other.example for more."""

# https://api.other.example/x
app = 1


def more():
    """Read https://api.other.example."""
