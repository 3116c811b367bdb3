from pickle import loads as read


def f(data):
    return read(data)  # FINDING
