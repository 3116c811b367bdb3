from flask import Flask, request
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
db = SQLAlchemy(app)


class User(db.Model):
    name = db.Column(db.String)
    is_admin = db.Column(db.Boolean)


@app.route("/users", methods=["POST"])
def create():
    user = User(**request.get_json())  # FINDING
    db.session.add(user)
    return {}
