from pathlib import Path

app = Path("/var/log/desk.log").write_text("x")  # FINDING
