from flask import Flask
from flask_login import login_required

from desk.auth import roles_required

app = Flask(__name__)


@app.route("/admin/wipe", methods=["POST"])
@login_required
@roles_required("admin")
def wipe():
    return "wiped"
