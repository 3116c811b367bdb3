from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import text

router = APIRouter()


class Filter(BaseModel):
    name: str
    age: int


@router.post("/people")
def people(wanted: Filter, session=None):
    return session.execute(text(f"SELECT * FROM people WHERE name = '{wanted.name}'"))  # FINDING
