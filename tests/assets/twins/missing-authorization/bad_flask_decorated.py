from flask import Flask
from flask_login import login_required

app = Flask(__name__)


@app.route("/admin/wipe", methods=["POST"])  # FINDING
@login_required
def wipe():
    return "wiped"
