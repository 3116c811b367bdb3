import tarfile


def unpack(path: str, folder: str) -> None:
    with tarfile.open(path) as archive:
        archive.extractall(folder, filter="data")
