import os

PASSWORD = os.environ["DB_PASSWORD"]
API_KEY = "your-api-key-here"
