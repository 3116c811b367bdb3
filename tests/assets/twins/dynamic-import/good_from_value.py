import importlib


def f():
    return importlib.import_module("json.decoder")
