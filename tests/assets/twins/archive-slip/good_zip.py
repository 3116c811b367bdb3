import zipfile


def unpack(path: str, folder: str) -> None:
    """zipfile takes drives, roots and `..` out of names by itself."""
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
