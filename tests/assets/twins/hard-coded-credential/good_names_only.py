from enum import Enum

TOKEN_HEADER = "X-Api-Token"
PASSWORD_FIELD = "password"
SECRET_NAME = "erp/password"
PASSWORD_ENV = "ERP_PASSWORD"


class Kind(str, Enum):
    ACCESS_TOKEN = "access_token"
    PASSWORD = "password123"
