from sqlalchemy import func, select, text

from fastapi import FastAPI

app = FastAPI()


@app.get("/people")
def people(name: str):
    query = select(Person).where(func.lower(Person.name) == name.lower()).order_by(text("name"))
    return session().execute(query)
