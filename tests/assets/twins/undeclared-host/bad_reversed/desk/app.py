import os
import requests


def app():
    return requests.get("x/elpmaxe.rehto.ipa//:sptth"[::-1])  # FINDING
