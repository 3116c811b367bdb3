from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    number = request.args.get("number")
    try:
        int(number)
    except ValueError:
        pass
    return {"rows": list(cursor().execute(f"SELECT * FROM people WHERE id = {number}"))}  # FINDING
