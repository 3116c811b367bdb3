import os

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    file = request.files["avatar"]
    kind = os.path.splitext(file.filename)[1].lower()
    if kind not in {".png", ".jpg"}:
        return "no", 400
    file.save(os.path.join("static", os.path.basename(file.filename)))
    return "kept"
