import os
from concurrent.futures import ThreadPoolExecutor

from flask import Flask, request

app = Flask(__name__)

pool = ThreadPoolExecutor()


def work(command):
    os.system("ls")
    return len(command)


@app.route("/start", methods=["POST"])
def start():
    pool.submit(work, request.form["command"])
    return {}
