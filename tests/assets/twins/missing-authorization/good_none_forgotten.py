from fastapi import Depends, FastAPI

from desk.auth import require_role

app = FastAPI()


@app.post("/prices", dependencies=[Depends(require_role("pricing"))])
def new_price(amount: float):
    return {"amount": amount}


@app.post("/discounts", dependencies=[Depends(require_role("pricing"))])
def new_discount(amount: float):
    return {"amount": amount}
