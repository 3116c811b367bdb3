from flask import Flask
from flask.views import MethodView

from desk.auth import admin_required

app = Flask(__name__)


class AdminSettings(MethodView):
    decorators = [admin_required]

    def get(self):
        return {"open": True}

    def post(self):
        return {"saved": True}


app.add_url_rule("/settings", view_func=AdminSettings.as_view("settings"))
