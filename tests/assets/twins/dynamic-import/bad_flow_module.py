import importlib

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    module = importlib.import_module("reports." + request.args["report"])  # FINDING
    return {"rows": module.rows()}
