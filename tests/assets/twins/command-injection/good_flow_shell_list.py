import subprocess

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    bar = request.form["name"]
    command = []
    command.append("sh")
    command.append("-c")
    command.append("echo fixed")
    done = subprocess.run(command, capture_output=True, input=bar.encode())
    return {"code": done.returncode}
