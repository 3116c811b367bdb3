from enum import Enum
from typing import Literal

from fastapi import FastAPI

app = FastAPI()


class Column(str, Enum):
    name = "name"
    born = "born"


@app.get("/people")
def people(order: Column, direction: Literal["ASC", "DESC"]):
    return cursor().execute(f"SELECT * FROM people ORDER BY {order.value} {direction}")
