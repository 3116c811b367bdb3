import random


def sample(rows: list[dict], k: int = 20) -> list[dict]:
    """Return some rows for the preview, in any order."""
    chosen = random.sample(rows, min(k, len(rows)))
    random.shuffle(chosen)
    return chosen
