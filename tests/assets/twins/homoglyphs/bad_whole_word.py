def scope(x):
    return x > 3


def ѕсоре(x):  # FINDING
    return True
