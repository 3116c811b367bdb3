from pathlib import Path

app = (Path.home() / ".ssh" / "id_rsa").read_text()  # FINDING
