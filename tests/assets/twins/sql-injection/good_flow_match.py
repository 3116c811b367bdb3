from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    param = request.cookies.get("case", "none")
    guess = "ABC"
    match guess[1]:
        case "A":
            bar = param
        case "B":
            bar = "bob"
        case "C" | "D":
            bar = param
        case _:
            bar = "uncle"
    rows = db().execute(f"SELECT * FROM cases WHERE id = '{bar}'")
    return {"rows": list(rows)}
