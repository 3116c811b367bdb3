import os

from flask import Flask, request
from werkzeug.utils import secure_filename

app = Flask(__name__)
KINDS = {"png", "jpg"}


def allowed(name):
    return "." in name and name.rsplit(".", 1)[1].lower() in KINDS


@app.route("/upload", methods=["POST"])
def upload():
    file = request.files["file"]
    if not allowed(file.filename):
        return "no", 400
    name = secure_filename(file.filename)
    file.save(os.path.join("static", name))
    return "kept"
