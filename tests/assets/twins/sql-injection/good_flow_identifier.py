import psycopg
from psycopg import sql

from fastapi import FastAPI

app = FastAPI()


@app.get("/column/{name}")
def column(name: str):
    with psycopg.connect() as connection:
        return connection.execute(sql.SQL("SELECT {} FROM people").format(sql.Identifier(name))).fetchall()
