import os

app = os.environ.get("BILLING_URL")  # FINDING
