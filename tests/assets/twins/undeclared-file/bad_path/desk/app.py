from pathlib import Path

app = Path("/srv/data").joinpath("x")
more = Path("/srv/rates.csv").read_text()  # FINDING
