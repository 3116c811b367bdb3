from pathlib import Path

app = (Path(__file__) / "ssh" / "id_rsa").read_text()
