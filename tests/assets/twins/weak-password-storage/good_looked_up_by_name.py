from werkzeug.security import check_password_hash


def login(cursor, request):
    name = request.form["name"]
    cursor.execute("SELECT id, password_hash FROM users WHERE name = %s", (name,))
    row = cursor.fetchone()
    return row if row and check_password_hash(row[1], request.form["password"]) else None
