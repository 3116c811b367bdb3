import os
import shlex

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    host = request.args.get("host", "localhost")
    os.system(f"ping -c 1 {shlex.quote(host)}")
    return "done"
