import re


def f(text):
    go = compile
    return go(text, "x", "exec")  # FINDING
