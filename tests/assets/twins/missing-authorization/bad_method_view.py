from flask import Flask
from flask.views import MethodView

app = Flask(__name__)


class AdminSettings(MethodView):
    def get(self):  # FINDING
        return {"open": True}

    def post(self):  # FINDING
        return {"saved": True}


app.add_url_rule("/settings", view_func=AdminSettings.as_view("settings"))
