import ldap3

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    connection = ldap3.Connection(ldap3.Server("ldap.example.com"))
    connection.search("dc=example,dc=com", f"(uid={request.args['user']})", attributes=["cn"])  # FINDING
    return {"found": len(connection.entries)}
