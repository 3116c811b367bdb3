from flask import Flask, request

app = Flask(__name__)


def escape_for_html(text):
    return text.replace("'", "&#39;")


@app.route("/hello")
def hello():
    out = ""
    out += "<p>"
    out += escape_for_html(request.args["name"])
    return out  # FINDING
