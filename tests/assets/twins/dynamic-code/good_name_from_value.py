def f(thing, name):
    return getattr(thing, name)()
