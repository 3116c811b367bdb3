"""Routes read their functions when first asked, and each can be read."""

from typing import Annotated

import httpx2
import pytest
from fastapi import FastAPI, Form

from bailiwick.faces.api import build_api
from bailiwick.faces.console import build_console
from bailiwick.faces.lazily import LateRoute
from tests.fixtures.company import Company


def late() -> FastAPI:
    app = FastAPI()
    app.router.route_class = LateRoute

    @app.post("/things/{name}", status_code=201)
    def made(name: str, size: Annotated[int, Form()]) -> dict[str, int]:
        return {name: size}

    return app


def is_read(app: FastAPI) -> bool:
    return any("dependant" in route.__dict__ for route in app.routes if isinstance(route, LateRoute))


@pytest.mark.req("DM1")
async def test_a_route_is_read_when_it_is_asked_and_not_by_what_is_asked_of_others() -> None:
    app = late()
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://test") as client:
        assert (await client.get("/other")).status_code == 404
        assert not is_read(app)
        assert (await client.get("/things/a")).status_code == 405
        assert (await client.post("/things/a", data={"size": "much"})).status_code == 422
        answer = await client.post("/things/a", data={"size": "3"})
        assert (answer.status_code, answer.json()) == (201, {"a": 3})
    assert is_read(app)


@pytest.mark.req("DM1")
def test_the_document_of_an_api_tells_of_routes_that_nobody_asked_yet() -> None:
    paths = late().openapi()["paths"]
    assert paths["/things/{name}"]["post"]["responses"].keys() == {"201", "422"}


@pytest.mark.req("DM1")
def test_every_route_can_be_read(company: Company) -> None:
    routes = [
        route
        for app in (build_api(company.control), build_console(company.control))
        for route in app.routes
        if isinstance(route, LateRoute)
    ]
    assert len(routes) > 300
    assert all(route.dependant.call for route in routes)
