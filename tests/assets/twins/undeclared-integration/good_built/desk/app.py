import os

NAME = "ORDERS"
app = os.environ[f"{NAME}_URL"]
