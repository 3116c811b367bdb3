from flask import Flask, request
from jinja2 import Template

app = Flask(__name__)


@app.route("/find")
def find():
    return Template("<b>{{ name }}</b>").render(name=request.args["name"])  # FINDING
