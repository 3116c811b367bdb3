def find(db, name):
    return db.execute(f"SELECT * FROM people WHERE name = '{name}'")  # FINDING
