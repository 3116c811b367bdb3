from passlib.hash import argon2
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    password: Mapped[str]


def sign_up(session, data):
    user = User(password=argon2.hash(data["password"]))
    session.add(user)
