import os

app = 1
if "OTHER" in os.environ:
    app = os.environ["REGION"]  # FINDING
