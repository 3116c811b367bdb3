import os
import tempfile


def export(user: str, text: str) -> None:
    path = os.path.join(tempfile.mkdtemp(), user + ".txt")
    with open(path, "w") as file:
        file.write(text)
