import platform
import subprocess

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    bar = request.form.get("text", "")
    command = []
    if platform.system() == "Windows":
        command.append("where.exe")
        command.append("/q")
    else:
        command.append("which")
        command.append("--")
    command.append(f"{bar}")
    subprocess.run(command)
    return {}
