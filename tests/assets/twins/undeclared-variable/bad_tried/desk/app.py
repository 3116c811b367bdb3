import os

try:
    app = os.environ["REGION"]  # FINDING
except OSError:
    app = 1
