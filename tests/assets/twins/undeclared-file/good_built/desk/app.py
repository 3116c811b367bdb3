from pathlib import Path

BASE = Path("data")
app = (BASE / "rates.csv").read_text()
