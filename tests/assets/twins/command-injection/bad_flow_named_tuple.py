import os
from typing import NamedTuple

from flask import Flask, request

app = Flask(__name__)


class Order(NamedTuple):
    what: str
    who: str


@app.route("/start", methods=["POST"])
def start():
    order = Order(request.form["what"], "ann")
    os.system(order.what)  # FINDING
    return {}
