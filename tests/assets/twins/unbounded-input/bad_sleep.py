import time

from flask import Flask, request

app = Flask(__name__)


@app.get("/slow")
def slow():
    time.sleep(float(request.args["seconds"]))  # FINDING
    return "done"
