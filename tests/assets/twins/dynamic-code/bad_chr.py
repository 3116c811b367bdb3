import builtins


def f(text):
    name = chr(101) + chr(120) + chr(101) + chr(99)
    getattr(builtins, name)(text)  # FINDING
