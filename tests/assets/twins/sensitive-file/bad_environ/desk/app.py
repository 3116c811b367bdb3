from pathlib import Path

app = Path("/proc/self/environ").read_bytes()  # FINDING
