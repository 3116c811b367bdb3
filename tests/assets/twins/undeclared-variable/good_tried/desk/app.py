import os

try:
    app = os.environ["REGION"]
except KeyError:
    app = 1
