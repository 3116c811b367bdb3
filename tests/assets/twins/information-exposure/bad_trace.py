import traceback

from flask import Flask, jsonify

app = Flask(__name__)


@app.errorhandler(500)
def failed(error):
    return jsonify({"error": traceback.format_exc()}), 500  # FINDING
