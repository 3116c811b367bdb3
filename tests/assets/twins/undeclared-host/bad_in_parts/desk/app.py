import requests


def app():
    return requests.get("htt" + "ps://api.oth" + "er.example/x")  # FINDING
