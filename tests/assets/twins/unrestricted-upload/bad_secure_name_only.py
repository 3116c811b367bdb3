import os

from flask import Flask, request
from werkzeug.utils import secure_filename

app = Flask(__name__)


@app.post("/upload")
def upload():
    file = request.files["file"]
    name = secure_filename(file.filename)
    path = os.path.join("static/uploads", name)
    file.save(path)  # FINDING
    return "saved"
