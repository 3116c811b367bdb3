from flask import Flask, make_response, request

app = Flask(__name__)


@app.route("/hello")
def hello():
    page = "<p>{}</p>".format(request.args["name"])
    return make_response(page, 200)  # FINDING
