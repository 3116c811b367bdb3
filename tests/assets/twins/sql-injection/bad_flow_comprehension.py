from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    names = [name.strip() for name in request.args.getlist("name")]
    wanted = ", ".join(f"'{name}'" for name in names)
    return {"rows": list(cursor().execute(f"SELECT * FROM people WHERE name IN ({wanted})"))}  # FINDING
