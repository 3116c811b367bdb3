CREATE FUNCTION f(number int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE 'SELECT ' || number::int || '';
  EXECUTE format('SELECT %s', name::regclass);
END $$;
