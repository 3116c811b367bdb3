import importlib

name = "".join(["js", "on"])
tool = importlib.import_module(name)
print(tool.dumps([1]))
