-- Orders.

ALTER TABLE orders OWNER TO postgres; -- FINDING
