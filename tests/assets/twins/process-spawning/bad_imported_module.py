import importlib

name = "".join(["sub", "process"])
tool = importlib.import_module(name)
tool.Popen(["ls"])  # FINDING
