import os


def first_write(path: str, text: str) -> None:
    if not os.path.exists(path):
        with open(path, "w") as file:  # FINDING
            file.write(text)
