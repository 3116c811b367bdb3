import re

NAME = re.compile(r"^([a-zA-Z]+\s?)+$")  # FINDING


def is_name(text: str) -> bool:
    return bool(re.match(r"^(\w+)*@$", text))  # FINDING
