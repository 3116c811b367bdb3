from pathlib import Path

BASE = Path("/srv")
app = (BASE / "rates.csv").read_text()  # FINDING
