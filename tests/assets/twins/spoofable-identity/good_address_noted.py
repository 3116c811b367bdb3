import logging

from flask import Flask, request

app = Flask(__name__)


@app.before_request
def note():
    address = request.headers.get("X-Forwarded-For", "")
    logging.info("request of %s", address)
