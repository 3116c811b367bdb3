import logging

from flask import Flask, request

app = Flask(__name__)


@app.before_request
def note():
    logging.info("agent: %s", request.headers.get("User-Agent"))
