-- Orders.

SELECT pg_read_file('/etc/passwd'); -- FINDING
