import os
import uuid

from flask import Flask, abort, request

app = Flask(__name__)
ALLOWED = {".png", ".pdf"}


@app.post("/upload")
def upload():
    file = request.files["file"]
    extension = os.path.splitext(file.filename)[1].lower()
    if extension not in ALLOWED:
        abort(400)
    file.save(os.path.join("uploads", uuid.uuid4().hex + extension))
    return "saved"
