from typing import Annotated

from fastapi import FastAPI, Header

app = FastAPI()


@app.get("/orders")
def orders(x_request_id: Annotated[str, Header()], user_agent: Annotated[str, Header()]):
    return {"request": x_request_id, "agent": user_agent}
