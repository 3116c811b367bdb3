import psycopg

app = psycopg.connect(host="db.corp.example", dbname="x")  # FINDING
