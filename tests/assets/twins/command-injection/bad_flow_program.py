import subprocess

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    tool = request.args["tool"]
    return {"text": subprocess.check_output([tool, "--version"]).decode()}  # FINDING
