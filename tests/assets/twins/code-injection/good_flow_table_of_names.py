from flask import Flask, request

app = Flask(__name__)


def hello():
    return "hello"


CALLS = {"hello": hello}


@app.route("/call")
def call():
    return CALLS[request.args["name"]]()
