from fastapi import Depends, FastAPI

from repository import Items
from schemas import Search

app = FastAPI()


def items():
    return Items(None)


@app.post("/search")
def search(wanted: Search, items: Items = Depends(items)):
    return items.search(wanted)
