import tempfile


def export(rows: list[str]) -> str:
    path = tempfile.mktemp(suffix=".csv")  # FINDING
    with open(path, "w") as file:
        file.write("\n".join(rows))
    return path
