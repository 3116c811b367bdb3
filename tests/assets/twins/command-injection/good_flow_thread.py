import os
import threading

from flask import Flask, request

app = Flask(__name__)


def work(command, times):
    os.system(command)


@app.route("/start", methods=["POST"])
def start():
    threading.Thread(target=work, args=("ls", request.form["times"])).start()
    return {}
