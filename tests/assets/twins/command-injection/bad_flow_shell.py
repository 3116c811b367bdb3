import subprocess

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    name = request.form["name"]
    done = subprocess.run("convert " + name + " out.png", shell=True, capture_output=True)  # FINDING
    return {"code": done.returncode}
