from yaml import unsafe_load


def read(path: str):
    with open(path) as file:
        return unsafe_load(file)  # FINDING
