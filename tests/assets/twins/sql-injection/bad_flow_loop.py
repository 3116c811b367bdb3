from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    query = "SELECT * FROM people WHERE 1 = 1"
    for key, value in request.args.items():
        query += f" AND {key} = '{value}'"
    return {"rows": list(cursor().execute(query))}  # FINDING
