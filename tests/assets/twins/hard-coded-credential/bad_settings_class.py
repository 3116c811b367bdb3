from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    jwt_secret: str = "supersecretkey"  # FINDING
    database_host: str = "localhost"
