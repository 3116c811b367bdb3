from flask import Flask, request

app = Flask(__name__)


@app.get("/line")
def line():
    width = int(request.args["width"])
    return "-" * width  # FINDING
