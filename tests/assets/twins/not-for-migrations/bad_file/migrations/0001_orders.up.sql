-- Orders.

COPY orders FROM '/etc/passwd'; -- FINDING
