from flask import Flask, request

app = Flask(__name__)

COLUMNS = ("name", "born")


@app.route("/find")
def find():
    query = "SELECT * FROM people WHERE 1 = 1"
    values = []
    for key in COLUMNS:
        if key in request.args:
            query += f" AND {key} = ?"
            values.append(request.args[key])
    return {"rows": list(cursor().execute(query, values))}
