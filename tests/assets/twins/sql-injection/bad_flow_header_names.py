from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    bar = ""
    for name in request.headers.keys():
        if name.lower() in ("host", "accept"):
            continue
        bar = name
        break
    rows = db().execute("SELECT * FROM cases WHERE id = '%s'" % bar)  # FINDING
    return {"rows": list(rows)}
