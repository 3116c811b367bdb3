import os

from flask import Blueprint, request
from flask.views import MethodView

pages = Blueprint("pages", __name__)


class Tools(MethodView):
    def post(self, tool):
        os.system(f"{tool} {request.form['argument']}")  # FINDING
        return {}


pages.add_url_rule("/tools/<tool>", view_func=Tools.as_view("tools"))
