CREATE FUNCTION f(statement text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE statement; -- FINDING
END $$;
