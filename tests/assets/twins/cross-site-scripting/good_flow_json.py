from flask import Flask, jsonify, request

app = Flask(__name__)


@app.route("/hello")
def hello():
    return jsonify({"name": request.get_json()["name"]})


@app.route("/other")
def other():
    return {"name": request.args["name"]}, 200
