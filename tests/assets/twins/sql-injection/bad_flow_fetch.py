from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    name = request.args["name"]
    return {"rows": pool().fetch(f"SELECT * FROM people WHERE name = '{name}'")}  # FINDING
