SELECT TOP 3 * FROM [orders];
