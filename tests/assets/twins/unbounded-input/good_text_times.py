from flask import Flask, abort, request

app = Flask(__name__)


@app.get("/line")
def line():
    width = int(request.args["width"])
    if width > 200:
        abort(400)
    return "-" * width
