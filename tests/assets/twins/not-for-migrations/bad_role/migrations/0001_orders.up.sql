-- Orders.

SET ROLE postgres; -- FINDING
