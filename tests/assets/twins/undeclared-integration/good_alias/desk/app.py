from os import environ as settings

app = settings["ORDERS_URL"]
