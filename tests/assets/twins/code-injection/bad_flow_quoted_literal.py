from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    bar = request.args["text"]
    if bar.startswith("'"):
        exec("print(" + bar + ")")  # FINDING
    return "done"
