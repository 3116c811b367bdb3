from pathlib import Path

MODE = 0o666


def save(name: str, text: str) -> None:
    path = Path("out") / name
    path.write_text(text)
    path.chmod(MODE)  # FINDING
