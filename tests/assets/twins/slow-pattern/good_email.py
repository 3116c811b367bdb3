import re

PATTERN = r"^[\w.+-]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)+$"


def is_email(text: str) -> bool:
    return re.match(PATTERN, text) is not None
