import subprocess

from flask import Flask, request

app = Flask(__name__)

TOOLS = {"python": "python3", "node": "node"}


@app.route("/version")
def version():
    tool = TOOLS[request.args["tool"]]
    return {"text": subprocess.check_output([tool, "--version"]).decode()}
