import os

from flask import Flask, request

app = Flask(__name__)

FOLDER = "/srv/files"


@app.route("/file")
def file():
    path = os.path.join(FOLDER, request.args["name"])
    with open(path) as stream:  # FINDING
        return {"text": stream.read()}
