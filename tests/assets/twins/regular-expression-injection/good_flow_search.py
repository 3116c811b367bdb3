import re

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    return {"found": bool(re.search(re.escape(request.args["pattern"]), "some text"))}
