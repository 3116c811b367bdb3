import re


def is_name(text: str) -> bool:
    return bool(re.match(r"^(?:\w+\s)*\w+$", text))
