def export(rows: list[str]) -> str:
    path = "/tmp/report.csv"
    with open(path, "w") as file:  # FINDING
        file.write("\n".join(rows))
    return path
