import os

app = os.environ["API_TOKEN"]  # FINDING
