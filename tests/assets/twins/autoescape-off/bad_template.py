from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from jinja2 import Template

app = FastAPI()
PAGE = "<h1>Hello {{ name }}</h1>"


@app.get("/hello", response_class=HTMLResponse)
def hello(name: str):
    return Template(PAGE).render(name=name)  # FINDING
