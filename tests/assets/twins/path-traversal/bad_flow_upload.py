import os

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    upload = request.files["file"]
    upload.save(os.path.join("/srv/uploads", upload.filename))  # FINDING
    return "kept"
