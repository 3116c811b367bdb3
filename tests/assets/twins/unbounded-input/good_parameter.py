from typing import Annotated

from fastapi import FastAPI, Query

app = FastAPI()


@app.get("/series")
def series(count: Annotated[int, Query(ge=1, le=1000)]):
    return [n * n for n in range(count)]
