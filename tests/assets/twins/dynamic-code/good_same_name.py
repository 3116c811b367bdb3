import re


def f(text):
    go = re.compile
    return go("[a-z]+").search(text)
