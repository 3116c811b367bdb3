from random import getrandbits

from flask import Flask, session

app = Flask(__name__)


@app.get("/start")
def start():
    number = getrandbits(64)  # FINDING
    session["visit"] = number
    return "welcome"
