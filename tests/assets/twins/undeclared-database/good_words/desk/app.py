import psycopg

app = psycopg.connect("dbname=x")
