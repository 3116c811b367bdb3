import logging
import traceback

from flask import Flask, jsonify

app = Flask(__name__)


@app.errorhandler(500)
def failed(error):
    logging.error(traceback.format_exc())
    return jsonify({"error": "something went wrong"}), 500
