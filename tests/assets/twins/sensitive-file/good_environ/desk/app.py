from pathlib import Path

app = Path("/proc/self/status").read_bytes()
