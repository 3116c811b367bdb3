CREATE TABLE orders (id bigint);
CREATE INDEX by_id ON orders (id);
