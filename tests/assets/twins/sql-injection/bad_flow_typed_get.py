from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    page = request.args.get("page", 1)
    return {"rows": list(cursor().execute(f"SELECT * FROM people LIMIT 10 OFFSET {page}"))}  # FINDING
