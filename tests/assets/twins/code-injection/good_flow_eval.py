import ast

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    return {"value": ast.literal_eval(request.args["sum"])}
