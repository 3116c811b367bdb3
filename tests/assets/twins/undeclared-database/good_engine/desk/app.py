from sqlalchemy import create_engine

app = create_engine("sqlite:////tmp/x.db")
