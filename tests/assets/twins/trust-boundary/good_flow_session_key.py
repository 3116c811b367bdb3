from flask import Flask, request, session

app = Flask(__name__)


@app.route("/keep")
def keep():
    session["theme"] = "dark" if request.args["key"] == "dark" else "light"
    return "kept"
