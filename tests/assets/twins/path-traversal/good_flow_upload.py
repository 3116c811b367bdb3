import os
import uuid

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    upload = request.files["file"]
    upload.save(os.path.join("/srv/uploads", uuid.uuid4().hex))
    return "kept"
