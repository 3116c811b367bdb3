import lxml.etree

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    bar = request.form["id"]
    root = lxml.etree.parse("employees.xml")
    found = root.xpath("/Employees/Employee[@emplid=$name]", name=bar)
    return {"found": len(found)}
