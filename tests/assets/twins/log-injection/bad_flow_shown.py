import logging

from flask import Flask, request

app = Flask(__name__)


@app.route("/find")
def find():
    logging.info("asked for %s by %r", request.args["name"], "desk")  # FINDING
    return {}
