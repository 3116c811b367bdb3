import platform
import subprocess

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    bar = request.form.get("text", "")
    command = []
    if platform.system() == "Windows":
        command.append("cmd.exe")
        command.append("/c")
    else:
        command.append("sh")
        command.append("-c")
    command.append(f"echo {bar}")
    subprocess.run(command)  # FINDING
    return {}
