-- Orders.

CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'x', 'y'; -- FINDING
