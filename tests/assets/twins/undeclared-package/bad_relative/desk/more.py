import requests  # FINDING
app = 1
