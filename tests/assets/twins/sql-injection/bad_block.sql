DO $$
BEGIN
  EXECUTE 'DROP TABLE ' || current_setting('x.y'); -- FINDING
END $$;
