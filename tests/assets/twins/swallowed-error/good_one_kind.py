import os


def clean(path: str) -> None:
    try:
        os.remove(path)
    except FileNotFoundError:
        pass
