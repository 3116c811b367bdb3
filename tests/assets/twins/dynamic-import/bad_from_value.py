import importlib


def f(name):
    return importlib.import_module(name)  # FINDING
