CREATE FUNCTION f(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE 'DELETE FROM orders WHERE name = ''' || name || ''''; -- FINDING
END $$;
