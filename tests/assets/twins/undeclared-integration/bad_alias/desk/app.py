from os import environ as settings

app = settings["BILLING_URL"]  # FINDING
