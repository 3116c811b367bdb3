import os
import uuid

from flask import Flask, request

app = Flask(__name__)


@app.post("/upload")
def upload():
    file = request.files["file"]
    path = os.path.join("uploads", uuid.uuid4().hex)
    file.save(path)
    return "saved"
