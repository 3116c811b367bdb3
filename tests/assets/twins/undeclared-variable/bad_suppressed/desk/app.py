import contextlib
import os

with contextlib.suppress(OSError):
    app = os.environ["REGION"]  # FINDING
