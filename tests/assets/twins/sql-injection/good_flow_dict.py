from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    param = request.form.get("case")
    map5 = {}
    map5["keyA"] = "a value"
    map5["keyB"] = param
    map5["keyC"] = "another"
    bar = map5["keyB"]
    bar = map5["keyA"]
    rows = db().execute(f"SELECT * FROM cases WHERE id = '{bar}'")
    return {"rows": list(rows)}
