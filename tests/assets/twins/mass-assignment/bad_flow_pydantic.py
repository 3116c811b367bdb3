from fastapi import FastAPI
from sqlalchemy.orm import DeclarativeBase

app = FastAPI()


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"


@app.post("/users")
def create(body: dict):
    return User(**body)  # FINDING
