import base64

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    param = request.form.get("case")
    coded = base64.b64encode(b"fixed")
    bar = base64.b64decode(coded).decode("utf-8")
    rows = db().execute(f"SELECT * FROM cases WHERE id = '{bar}'")
    return {"param": len(param), "rows": list(rows)}
