import importlib


def f(data):
    return importlib.import_module("marshal").loads(data)  # FINDING
