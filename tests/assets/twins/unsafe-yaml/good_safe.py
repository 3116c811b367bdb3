from yaml import safe_load


def read(path: str):
    with open(path) as file:
        return safe_load(file)
