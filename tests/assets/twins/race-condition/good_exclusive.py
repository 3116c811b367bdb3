def first_write(path: str, text: str) -> None:
    try:
        with open(path, "x") as file:
            file.write(text)
    except FileExistsError:
        return
