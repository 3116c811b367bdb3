from flask import Flask, request
from pymongo import MongoClient

app = Flask(__name__)
users = MongoClient().shop.users


@app.route("/login", methods=["POST"])
def login():
    body = request.get_json()
    user = users.find_one({"name": str(body["name"])})
    other = users.find_one({"name": request.form["name"]})
    return {"ok": user is not None and other is not None}
