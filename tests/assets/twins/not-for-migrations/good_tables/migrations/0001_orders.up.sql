CREATE TABLE orders (id bigint PRIMARY KEY, note text);
INSERT INTO orders VALUES (1, 'GRANT ALL ON x TO y');
SET LOCAL lock_timeout = '2s';
CREATE POLICY own ON orders USING (true);
-- CREATE EXTENSION dblink;
