import re


def first_letters(text: str):
    return re.match(r"(a+)+", text)
