from json import loads as read


def f(data):
    return read(data)
