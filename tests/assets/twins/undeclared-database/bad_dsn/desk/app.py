import psycopg

app = psycopg.connect("postgresql://db.corp.example/orders")  # FINDING
