import os


def read(path: str) -> str:
    if os.access(path, os.R_OK):
        with open(path) as file:  # FINDING
            return file.read()
    return ""
