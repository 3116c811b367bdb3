from sqlalchemy import text


class Base:
    table = "items"

    def __init__(self, session):
        self.session = session

    def run(self, sql, values):
        return self.session.execute(text(sql), values).all()


class Items(Base):
    def search(self, wanted):
        sql = f"SELECT * FROM {self.table} WHERE name = :name"
        if wanted.order:
            sql += f" ORDER BY {wanted.order.value}"
        sql += f" LIMIT {wanted.limit}"
        return self.run(sql, {"name": wanted.term})
