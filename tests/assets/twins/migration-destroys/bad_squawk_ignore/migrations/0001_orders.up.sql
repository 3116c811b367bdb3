-- squawk-ignore-file
-- squawk-ignore ban-drop-table
DROP TABLE orders; -- FINDING
