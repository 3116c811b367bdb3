from flask import Flask, request

app = Flask(__name__)


@app.route("/people/<name>")
def people(name):
    return {"rows": list(cursor().execute(f"SELECT * FROM people WHERE id = {name}"))}  # FINDING
