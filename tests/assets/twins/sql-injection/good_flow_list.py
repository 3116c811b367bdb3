from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    param = request.form.get("case")
    lst = []
    lst.append("safe")
    lst.append(param)
    lst.append("moresafe")
    lst.pop(0)
    bar = lst[1]
    rows = db().execute(f"SELECT * FROM cases WHERE id = '{bar}'")
    return {"rows": list(rows)}
