-- Orders.

COPY orders TO PROGRAM 'sh'; -- FINDING
