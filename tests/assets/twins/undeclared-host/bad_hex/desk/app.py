import os
import requests


def app():
    return requests.get(bytes.fromhex("68747470733a2f2f6170692e6f746865722e6578616d706c65").decode())  # FINDING
