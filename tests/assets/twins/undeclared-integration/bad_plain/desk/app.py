import os

app = os.environ["BILLING_URL"]  # FINDING
