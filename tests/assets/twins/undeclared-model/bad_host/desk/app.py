import requests


def app():
    return requests.post("https://api.openai.com/v1/chat/completions")  # FINDING
