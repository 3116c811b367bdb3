from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    bar = request.args["text"]
    if not bar.startswith("'") or not bar.endswith("'") or "'" in bar[1:-1]:
        return "a plain string is wanted"
    exec("print(" + bar + ")")
    return "done"
