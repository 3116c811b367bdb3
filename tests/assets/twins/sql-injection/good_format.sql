CREATE FUNCTION f(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('DELETE FROM %I WHERE id = %L', name, 1);
  EXECUTE 'DELETE FROM ' || quote_ident(name) || ' WHERE id = $1' USING 3;
  EXECUTE 'ANALYZE';
END $$;
