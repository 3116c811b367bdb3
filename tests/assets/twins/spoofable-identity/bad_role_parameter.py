from typing import Annotated

from fastapi import FastAPI, Header, HTTPException

app = FastAPI()


@app.delete("/orders/{order_id}")
def delete(order_id: int, x_user_role: Annotated[str, Header()]):  # FINDING
    if x_user_role != "admin":
        raise HTTPException(403)
    return {}
