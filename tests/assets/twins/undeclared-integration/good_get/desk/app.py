import os

app = os.getenv("ORDERS_URL")
