import logging

from flask import Flask, request

app = Flask(__name__)


@app.route("/find")
def find():
    logging.info("asked for %r by %s", request.args["name"], "desk")
    return {}
