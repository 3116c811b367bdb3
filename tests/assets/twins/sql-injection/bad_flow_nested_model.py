import sqlite3

from fastapi import Depends, FastAPI
from pydantic import BaseModel

app = FastAPI()


class Line(BaseModel):
    name: str
    number: int


class Order(BaseModel):
    first: Line
    lines: list[Line]


class Page:
    def __init__(self, order: str = "id", size: int = 10):
        self.order = order
        self.size = size


@app.post("/orders")
def take(order: Order):
    for line in order.lines:
        sqlite3.connect("desk").execute(f"SELECT {line.name}")  # FINDING
    sqlite3.connect("desk").execute(f"SELECT {order.first.name}")  # FINDING
    return {}


@app.get("/orders")
def show(page: Page = Depends()):
    sqlite3.connect("desk").execute(f"SELECT 1 ORDER BY {page.order}")  # FINDING
    return {}
