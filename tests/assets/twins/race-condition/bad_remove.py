from pathlib import Path


def clean(name: str) -> None:
    path = Path("out") / name
    lock = Path("lock")
    if lock.exists():
        lock.unlink()  # FINDING
    path.touch()
