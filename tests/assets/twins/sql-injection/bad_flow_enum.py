from enum import Enum

from fastapi import FastAPI

app = FastAPI()


class Column(str, Enum):
    name = "name"
    born = "born"


@app.get("/people")
def people(order: Column, direction: str):
    return cursor().execute(f"SELECT * FROM people ORDER BY {order.value} {direction}")  # FINDING
