from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    names = request.args.getlist("name")
    wanted = ",".join(["?"] * len(names))
    order = "name" if request.args.get("order", "name") == "name" else "id"
    rows = cursor().execute(f"SELECT * FROM people WHERE name IN ({wanted}) ORDER BY {order}", names)
    return {"rows": list(rows)}
