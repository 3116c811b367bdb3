from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy.orm import DeclarativeBase

app = FastAPI()


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"


class NewUser(BaseModel):
    name: str


@app.post("/users")
def create(body: NewUser):
    return User(**body.model_dump())
