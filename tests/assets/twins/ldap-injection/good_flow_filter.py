import ldap3
from ldap3.utils.conv import escape_filter_chars

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    connection = ldap3.Connection(ldap3.Server("ldap.example.com"))
    user = escape_filter_chars(request.args["user"])
    connection.search("dc=example,dc=com", f"(uid={user})", attributes=["cn"])
    return {"found": len(connection.entries)}
