import configparser

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    param = request.form.get("case")
    conf = configparser.ConfigParser()
    conf.add_section("section")
    conf.set("section", "keyA", "a value")
    conf.set("section", "keyB", param)
    bar = conf.get("section", "keyB")
    rows = db().execute(f"SELECT * FROM cases WHERE id = '{bar}'")  # FINDING
    return {"rows": list(rows)}
