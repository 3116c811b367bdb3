import re


def is_list(text: str) -> bool:
    return re.fullmatch(r"(a+)+", text) is not None  # FINDING
