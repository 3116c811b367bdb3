def login(cursor, request):
    name = request.form["name"]
    password = request.form["password"]
    cursor.execute("SELECT id FROM users WHERE name = %s AND password = %s", (name, password))  # FINDING
    return cursor.fetchone()
