import builtins


def f(text):
    name = chr(97) + chr(98) + chr(115)
    return getattr(builtins, name)(len(text))
