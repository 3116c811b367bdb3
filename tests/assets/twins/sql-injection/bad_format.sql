CREATE FUNCTION f(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('DELETE FROM %s WHERE id = %L', name, 1); -- FINDING
END $$;
