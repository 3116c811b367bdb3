from flask import Flask, request

app = Flask(__name__)


@app.errorhandler(404)
def missing(error):
    return f"<h1>There is no {request.path}</h1>", 404  # FINDING
