import os
import threading

from flask import Flask, request

app = Flask(__name__)


def work(command, times):
    os.system(command)  # FINDING


@app.route("/start", methods=["POST"])
def start():
    threading.Thread(target=work, args=(request.form["command"], 1)).start()
    return {}
