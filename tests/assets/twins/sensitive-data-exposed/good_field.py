from flask import Flask, jsonify

app = Flask(__name__)


@app.get("/users/<int:user_id>")
def user(user_id, db):
    user = db.find(user_id)
    return jsonify({"id": user.id, "name": user.name, "has_password": user.password_hash is not None})
