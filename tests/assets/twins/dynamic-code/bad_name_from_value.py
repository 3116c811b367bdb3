import os


def f(name):
    return getattr(os, name)()  # FINDING
