from pathlib import Path

app = Path("/tmp/desk.log").write_text("x")
