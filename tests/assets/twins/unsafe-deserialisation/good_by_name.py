import importlib


def f(data):
    return importlib.import_module("json").loads(data)
