import os
import tempfile


def export(user: str, text: str) -> None:
    path = os.path.join(tempfile.gettempdir(), user + ".txt")
    with open(path, "w") as file:  # FINDING
        file.write(text)
