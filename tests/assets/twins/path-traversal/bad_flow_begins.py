import os

from flask import Flask, request

app = Flask(__name__)

FOLDER = "/srv/files/"


@app.route("/file")
def file():
    path = FOLDER + request.args["name"]
    if not path.startswith(FOLDER):
        return "none", 404
    return {"text": open(path).read()}  # FINDING
