from flask import Flask, request

from helpers.separate_request import request_wrapper
from helpers.thing_factory import create_thing
from helpers import database

app = Flask(__name__)


@app.route("/case", methods=["POST"])
def case():
    wrapped = request_wrapper(request)
    param = wrapped.get_form_parameter("case")
    thing = create_thing()
    bar = thing.do_something(param)
    database.find(bar)
    return "done"
