"""The web app."""

import socket
from pathlib import Path

from fastapi import FastAPI, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from psycopg.errors import InsufficientPrivilege
from sqlalchemy.exc import DBAPIError

from refund_desk import charts, orders, refunds

HERE = Path(__file__).parent
app = FastAPI(title="Refund desk", docs_url=None, redoc_url=None)
app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
pages = Jinja2Templates(directory=HERE / "templates")
switch = {"failing": False}


def person(request: Request) -> str:
    """Return who is asking, as the platform says."""
    return request.headers.get("x-bailiwick-user", "somebody")


@app.middleware("http")
async def fail_when_switched(request: Request, call_next) -> Response:  # type: ignore[no-untyped-def]
    """Answer 500 to everything while the failure switch is on."""
    if switch["failing"] and not request.url.path.startswith("/fail/"):
        return PlainTextResponse("the app is failing on purpose", 500)
    return await call_next(request)


@app.exception_handler(InsufficientPrivilege)
@app.exception_handler(DBAPIError)
def refused(_request: Request, fault: Exception) -> Response:
    """Answer 403 where the platform does not let whoever asks see the data; what else went wrong stays a fault."""
    if not isinstance(getattr(fault, "orig", fault), InsufficientPrivilege):
        raise fault
    return PlainTextResponse("You may not see this data. Ask whoever looks after it.", 403)


@app.get("/", response_class=HTMLResponse)
def index(request: Request, q: str = "") -> Response:
    """List orders."""
    return pages.TemplateResponse(request, "list.html", {"orders": orders.search(q), "q": q, "person": person(request)})


@app.get("/orders/{order_id}", response_class=HTMLResponse)
def detail(request: Request, order_id: int) -> Response:
    """Show an order with its refunds."""
    order = orders.find(order_id)
    if order is None:
        raise HTTPException(404, "no such order")
    found = {"order": order, "refunds": refunds.of_order(order_id), "person": person(request)}
    return pages.TemplateResponse(request, "detail.html", found)


@app.post("/orders/{order_id}/refund")
def refund(request: Request, order_id: int, amount: float = Form(gt=0, lt=10_000), reason: str = Form()) -> Response:
    """Issue a refund."""
    if orders.find(order_id) is None:
        raise HTTPException(404, "no such order")
    refunds.issue(order_id, amount, reason[:500], person(request))
    return RedirectResponse(f"/orders/{order_id}", 303)


@app.get("/chart", response_class=HTMLResponse)
def chart(request: Request) -> Response:
    """Show amounts by month."""
    found = {"bars": charts.bars(charts.by_month()), "width": charts.WIDTH, "height": charts.HEIGHT}
    return pages.TemplateResponse(request, "chart.html", {**found, "person": person(request)})


@app.get("/api/orders")
def api_orders(q: str = "") -> JSONResponse:
    """Return orders as JSON."""
    found = [{key: str(value) for key, value in order.items()} for order in orders.search(q, 200)]
    return JSONResponse({"orders": found})


@app.get("/whoami")
def whoami(request: Request) -> dict[str, str]:
    """Say what the platform tells the app about who is asking."""
    return {key: value for key, value in request.headers.items() if key.startswith("x-bailiwick")}


@app.get("/lookup/{host}")
def lookup(host: str) -> dict[str, str]:
    """Try to find a host, to see what the sandbox lets through."""
    try:
        return {"found": socket.gethostbyname(host)}
    except OSError as fault:
        return {"refused": str(fault)}


@app.post("/fail/{state}")
def fail(state: str) -> dict[str, bool]:
    """Switch failing on or off, to show the automatic kill switch."""
    switch["failing"] = state == "on"
    return switch


@app.get("/healthz")
def healthz() -> dict[str, bool]:
    """Say that the app is up."""
    return {"ok": True}
