from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    if request.args["order"] in ("name", "born"):
        return {"rows": list(cursor().execute("SELECT * FROM people ORDER BY " + request.args["order"]))}
    return "no", 400
