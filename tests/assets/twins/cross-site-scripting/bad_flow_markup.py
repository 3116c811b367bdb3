from flask import Flask, request
from markupsafe import Markup

app = Flask(__name__)


@app.route("/hello")
def hello():
    return {"html": Markup(f"<b>{request.args['name']}</b>")}  # FINDING
