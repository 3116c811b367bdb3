from pydantic import BaseModel


class Search(BaseModel):
    term: str
    order: str | None = None
    limit: int = 10
