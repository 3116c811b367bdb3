import logging

from flask import Flask, request

app = Flask(__name__)

logger = logging.getLogger(__name__)


@app.route("/login", methods=["POST"])
def login():
    logger.info("login of %s", request.form["user"])  # FINDING
    return "done"
