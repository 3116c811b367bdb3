import os
import stat


def share(path: str) -> None:
    os.chmod(path, stat.S_IRUSR | stat.S_IWUSR)
