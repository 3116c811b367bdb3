import tarfile


def unpack(path: str, folder: str) -> None:
    archive = tarfile.open(path)
    archive.extractall(folder, filter="fully_trusted")  # FINDING
