from models import DES


def new_entry(key: str, mode: str):
    """A "DES" here is a desk of the office."""
    return DES.new(key, mode)
