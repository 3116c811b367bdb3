from flask import Flask, make_response, request

app = Flask(__name__)


@app.route("/find")
def find():
    answer = make_response("for " + request.args["name"])
    answer.headers["Content-Type"] = "text/plain"
    return answer


@app.route("/other")
def other():
    answer = make_response("for " + request.args["name"])
    answer.mimetype = "text/csv"
    return answer
