import re

PATTERN = r"^([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*@[a-z0-9]+\.[a-z]{2,}$"


def is_email(text: str) -> bool:
    return re.match(PATTERN, text) is not None  # FINDING
