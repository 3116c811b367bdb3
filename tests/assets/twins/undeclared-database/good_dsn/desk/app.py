import os
import psycopg

app = psycopg.connect(os.environ["ORDERS_URL"])
