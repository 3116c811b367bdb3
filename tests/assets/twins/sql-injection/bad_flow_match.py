from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    param = request.cookies.get("case", "none")
    guess = "ABC"
    match guess[0]:
        case "A":
            bar = param
        case "B":
            bar = "bob"
        case _:
            bar = "uncle"
    rows = db().execute(f"SELECT * FROM cases WHERE id = '{bar}'")  # FINDING
    return {"rows": list(rows)}
