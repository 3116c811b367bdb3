from flask import Flask, render_template, request

app = Flask(__name__)


@app.route("/note")
def note():
    return render_template("note.html", title="A note", body=request.args["body"])
