import os

from flask import Flask, request

app = Flask(__name__)


def run(command):
    return os.popen(command).read()


@app.route("/run")
def route():
    return {"text": run("ls /srv/public"), "asked": request.args["folder"]}
