def find(db, name):
    return db.execute("SELECT * FROM people WHERE name = %s", [name])
