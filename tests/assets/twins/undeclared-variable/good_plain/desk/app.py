import os

app = os.environ.get("API_TOKEN", "")
