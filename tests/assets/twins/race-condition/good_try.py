def read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read()
    except PermissionError:
        return ""
