import contextlib
import os

with contextlib.suppress(KeyError):
    app = os.environ["REGION"]
