from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

app = FastAPI()


@app.middleware("http")
async def only_staff(request: Request, call_next):
    if request.url.path.startswith("/admin") and request.headers.get("x-bailiwick-user") not in {"mona"}:
        return JSONResponse({"detail": "not yours"}, status_code=403)
    return await call_next(request)


@app.delete("/admin/orders/{order_id}")
def delete_order(order_id: int):
    return {}
