from pathlib import Path


def clean(name: str) -> None:
    path = Path("out") / name
    lock = Path("lock")
    lock.unlink(missing_ok=True)
    path.touch()
