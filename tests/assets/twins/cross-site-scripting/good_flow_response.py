from flask import Flask, Response, request

app = Flask(__name__)


@app.route("/hello")
def hello():
    page = "{}".format(request.args["name"])
    return Response(page, mimetype="text/plain")
