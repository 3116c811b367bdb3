import psycopg

app = psycopg.connect(host="localhost", dbname="x")
