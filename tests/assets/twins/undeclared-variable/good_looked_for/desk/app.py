import os

app = 1
if "REGION" in os.environ:
    app = os.environ["REGION"]
