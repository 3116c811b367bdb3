from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    number = request.args.get("number")
    try:
        number = int(number)
    except ValueError:
        return "no", 400
    return {"rows": list(cursor().execute(f"SELECT * FROM people WHERE id = {number}"))}
