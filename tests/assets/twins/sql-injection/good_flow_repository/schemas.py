from enum import Enum

from pydantic import BaseModel


class Order(str, Enum):
    name = "name"
    price = "price"


class Search(BaseModel):
    term: str
    order: Order | None = None
    limit: int = 10
