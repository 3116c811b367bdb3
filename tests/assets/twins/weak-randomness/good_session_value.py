from secrets import randbits

from flask import Flask, session

app = Flask(__name__)


@app.get("/start")
def start():
    number = randbits(64)
    session["visit"] = number
    return "welcome"
