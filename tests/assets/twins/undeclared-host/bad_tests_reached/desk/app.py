from tests.helper import app
