CREATE INDEX by_note ON orders (note); -- FINDING
