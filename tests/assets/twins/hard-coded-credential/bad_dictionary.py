DATABASE = {
    "host": "db.internal",
    "user": "desk",
    "password": "tiger-lily",  # FINDING
}
