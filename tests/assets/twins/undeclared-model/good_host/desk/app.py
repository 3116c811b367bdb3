import os
import requests


def app():
    return requests.post(os.environ["OPENAI_BASE_URL"])
