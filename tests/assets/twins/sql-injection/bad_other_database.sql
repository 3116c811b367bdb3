CREATE PROCEDURE p @name NVARCHAR(50) AS
EXEC sp_executesql @query -- FINDING
