import os
import tarfile


def unpack(path: str, folder: str) -> None:
    root = os.path.realpath(folder)
    with tarfile.open(path) as archive:
        for member in archive.getmembers():
            if not os.path.realpath(os.path.join(root, member.name)).startswith(root + os.sep):
                raise ValueError(member.name)
        archive.extractall(folder)
