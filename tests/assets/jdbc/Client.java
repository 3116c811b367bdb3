import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** What a Java program or a BI tool does with a database, through the JDBC driver as it comes from Debian. */
public class Client {
  public static void main(String[] arguments) throws Exception {
    String trace = arguments[1];
    try (Connection connection = DriverManager.getConnection(arguments[0])) {
      DatabaseMetaData about = connection.getMetaData();
      System.out.println("tables" + names(about.getTables(null, "public", "%", new String[] {"TABLE"}), "TABLE_NAME"));
      System.out.println("columns" + names(about.getColumns(null, "public", "orders", "%"), "COLUMN_NAME"));
      System.out.println("key" + names(about.getPrimaryKeys(null, "public", "orders"), "COLUMN_NAME"));
      int rows = 0;
      try (PreparedStatement statement =
          connection.prepareStatement("SELECT id, state, amount FROM orders WHERE id = ? " + trace)) {
        // From the fifth time on the driver prepares it at the server, and takes rows in binary.
        for (int id = 1; id <= 40; id++) {
          statement.setInt(1, id);
          try (ResultSet found = statement.executeQuery()) {
            while (found.next()) {
              rows++;
            }
          }
        }
      }
      System.out.println("rows " + rows);
      connection.setAutoCommit(false);
      int fetched = 0;
      try (Statement statement = connection.createStatement()) {
        statement.setFetchSize(7);
        try (ResultSet found = statement.executeQuery("SELECT id FROM orders " + trace)) {
          while (found.next()) {
            fetched++;
          }
        }
      }
      connection.commit();
      System.out.println("fetched " + fetched);
      try (Statement statement = connection.createStatement()) {
        statement.executeQuery("SELECT * FROM payroll.salaries");
      } catch (SQLException fault) {
        System.out.println("refused " + fault.getSQLState());
      }
      connection.rollback();
      try (Statement statement = connection.createStatement();
          ResultSet found = statement.executeQuery("SELECT 1")) {
        found.next();
        System.out.println("after " + found.getInt(1));
      }
    }
  }

  private static String names(ResultSet found, String column) throws SQLException {
    StringBuilder names = new StringBuilder();
    while (found.next()) {
      names.append(' ').append(found.getString(column));
    }
    return names.toString();
  }
}
