import urllib.parse

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    query_string = request.query_string.decode("utf-8")
    param_loc = query_string.find("case=")
    if param_loc == -1:
        return "missing"
    param = query_string[param_loc + 5 :]
    amp = param.find("&")
    if amp != -1:
        param = param[:amp]
    param = urllib.parse.unquote_plus(param)
    rows = db().execute("SELECT * FROM cases WHERE id = '{0}'".format(param))  # FINDING
    return {"rows": list(rows)}
