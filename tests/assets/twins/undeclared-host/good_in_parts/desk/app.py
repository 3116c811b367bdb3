import requests


def app():
    return requests.get("htt" + "ps://api.rat" + "es.example/x")
