from pathlib import Path

app = Path(__file__).parent.joinpath("rates.csv").read_text()
