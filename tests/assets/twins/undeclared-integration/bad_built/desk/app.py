import os

NAME = "BILLING"
app = os.environ[f"{NAME}_URL"]  # FINDING
