import os

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    if text := request.args.get("text"):
        os.system("echo " + text)  # FINDING
    return {}
