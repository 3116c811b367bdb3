from flask import Flask, jsonify, request
from flask_login import current_user, login_required

app = Flask(__name__)


@app.post("/transfer")
@login_required
def transfer():
    body = request.get_json()
    current_user.pay(body["to"], body["amount"])
    return jsonify(ok=True)
