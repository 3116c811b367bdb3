from sqlalchemy import select, text

from fastapi import FastAPI

app = FastAPI()


@app.get("/people")
def people(name: str):
    return session().execute(select(Person).where(text("name = '" + name + "'")))  # FINDING
