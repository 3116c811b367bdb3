import os
import requests


def app():
    return requests.get("x/elpmaxe.setar.ipa//:sptth"[::-1])
