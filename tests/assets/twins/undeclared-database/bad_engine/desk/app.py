from sqlalchemy import create_engine

app = create_engine("postgresql+psycopg://db.corp.example/x")  # FINDING
