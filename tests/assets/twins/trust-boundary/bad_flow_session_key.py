from flask import Flask, request, session

app = Flask(__name__)


@app.route("/keep")
def keep():
    session[request.args["key"]] = "12345"  # FINDING
    return "kept"
