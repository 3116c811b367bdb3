from flask import Flask, request

app = Flask(__name__)


def hello():
    return "hello"


@app.route("/call")
def call():
    return globals()[request.args["name"]]()  # FINDING
