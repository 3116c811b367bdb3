-- squawk-ignore adding-required-field
ALTER TABLE orders ADD COLUMN due date NOT NULL; -- FINDING
