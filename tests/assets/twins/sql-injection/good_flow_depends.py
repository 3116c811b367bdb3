from fastapi import Depends, FastAPI

app = FastAPI()


def paging(page: int = 0, order: str = "id"):
    return {"page": page, "order": order}


@app.get("/people")
def people(paging: dict = Depends(paging)):
    return cursor().execute(f"SELECT * FROM people LIMIT 10 OFFSET {paging['page']}")
