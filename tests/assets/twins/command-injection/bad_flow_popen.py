import os
import urllib.parse

from flask import Flask, request

app = Flask(__name__)


def run(command):
    return os.popen(command).read()  # FINDING


@app.route("/run")
def route():
    return {"text": run("ls " + urllib.parse.unquote(request.args["folder"]))}
