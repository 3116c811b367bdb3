-- Orders.

CREATE EXTENSION dblink; -- FINDING
