import os

from flask import Blueprint, request
from flask.views import MethodView

pages = Blueprint("pages", __name__)


class Tools(MethodView):
    def post(self, number):
        os.system(f"nice -n {number:d} ls")
        return {"argument": request.form["argument"]}


pages.add_url_rule("/tools/<int:number>", view_func=Tools.as_view("tools"))
