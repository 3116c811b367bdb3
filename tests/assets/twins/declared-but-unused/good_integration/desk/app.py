import os

app = os.environ["ORDERS_URL"]
