import shutil


def unpack(upload: str, folder: str) -> None:
    shutil.unpack_archive(upload, folder)  # FINDING
