import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.TreeSet;

/** What Metabase, DBeaver, DataGrip and Tableau ask of a JDBC driver, printed a line each. Arguments: host, port. */
public final class Metadata {
    private static final String[] TYPES = {"TABLE", "VIEW", "REMOTE TABLE", "DICTIONARY", "MATERIALIZED VIEW", "MEMORY TABLE"};

    private interface Step {
        String run() throws Exception;
    }

    private static void say(String name, Step step) {
        try {
            System.out.println(name + " " + step.run());
        } catch (Exception error) {
            System.out.println("FAILED " + name + ": " + error);
        }
    }

    private static String names(ResultSet rows, String column) throws SQLException {
        TreeSet<String> names = new TreeSet<>();
        while (rows.next()) {
            names.add(rows.getString(column));
        }
        return String.join(" ", names);
    }

    private static int count(ResultSet rows) throws SQLException {
        ResultSetMetaData columns = rows.getMetaData();
        int count = 0;
        while (rows.next()) {
            count++;
            for (int at = 1; at <= columns.getColumnCount(); at++) {
                rows.getObject(at);
            }
        }
        return count;
    }

    public static void main(String[] arguments) throws Exception {
        String url = "jdbc:clickhouse://" + arguments[0] + ":" + arguments[1] + "/usertrail";
        Properties properties = new Properties();
        properties.setProperty("user", "any");
        properties.setProperty("password", System.getenv("USERTRAIL_KEY"));
        try (Connection connection = DriverManager.getConnection(url, properties)) {
            metadata(connection.getMetaData());
            statements(connection);
        }
        properties.setProperty("use_server_time_zone_for_dates", "true");
        properties.setProperty("product_name", "metabase/v0.57");
        properties.setProperty("remember_last_set_roles", "true");
        properties.setProperty("http_connection_provider", "HTTP_URL_CONNECTION");
        properties.setProperty("jdbc_ignore_unsupported_values", "true");
        properties.setProperty("jdbc_schema_term", "schema");
        properties.setProperty("max_open_connections", "100");
        properties.setProperty("custom_http_params", "");
        say("as Metabase", () -> {
            try (Connection connection = DriverManager.getConnection(url, properties); Statement statement = connection.createStatement()) {
                return names(statement.executeQuery("SELECT count() AS n FROM events"), "n");
            }
        });
    }

    private static void metadata(DatabaseMetaData about) {
        say("product", () -> about.getDatabaseProductName());
        say("version", () -> about.getDatabaseProductVersion());
        say("major", () -> Integer.toString(about.getDatabaseMajorVersion()));
        say("catalogs", () -> count(about.getCatalogs()) + "");
        say("schemas", () -> names(about.getSchemas(), "TABLE_SCHEM"));
        say("schemas like", () -> names(about.getSchemas(null, "user%"), "TABLE_SCHEM"));
        say("table types", () -> count(about.getTableTypes()) > 0 ? "some" : "none");
        say("tables", () -> names(about.getTables(null, "usertrail", "%", TYPES), "TABLE_NAME"));
        say("tables of any kind", () -> names(about.getTables(null, "%", "%", null), "TABLE_NAME"));
        say("table like", () -> names(about.getTables(null, "usertrail", "user\\_%", null), "TABLE_NAME"));
        say("kinds", () -> names(about.getTables(null, "usertrail", "%", TYPES), "TABLE_TYPE"));
        say("columns", () -> {
            List<String> columns = new ArrayList<>();
            ResultSet rows = about.getColumns(null, "usertrail", "users", "%");
            while (rows.next()) {
                columns.add(rows.getString("COLUMN_NAME") + ":" + rows.getString("TYPE_NAME") + ":" + rows.getInt("ORDINAL_POSITION"));
            }
            return String.join(" ", columns);
        });
        say("all columns", () -> Integer.toString(count(about.getColumns(null, "usertrail", "%", "%"))));
        say("primary keys", () -> Integer.toString(count(about.getPrimaryKeys(null, "usertrail", "events"))));
        say("indexes", () -> Integer.toString(count(about.getIndexInfo(null, "usertrail", "events", false, true))));
        say("imported keys", () -> Integer.toString(count(about.getImportedKeys(null, "usertrail", "events"))));
        say("exported keys", () -> Integer.toString(count(about.getExportedKeys(null, "usertrail", "events"))));
        say("types", () -> count(about.getTypeInfo()) > 20 ? "many" : "few");
        say("functions", () -> count(about.getFunctions(null, null, "toStart%")) > 5 ? "many" : "few");
        say("procedures", () -> Integer.toString(count(about.getProcedures(null, null, "%"))));
        say("client info", () -> count(about.getClientInfoProperties()) > 0 ? "some" : "none");
        say("privileges", () -> Integer.toString(count(about.getTablePrivileges(null, "usertrail", "%"))));
    }

    private static void statements(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (String view : new String[] {"devices", "events", "sessions", "user_hours", "users", "violations"}) {
                say("view " + view, () -> Integer.toString(count(statement.executeQuery("SELECT * FROM `usertrail`.`" + view + "`"))));
            }
            say("zone", () -> names(statement.executeQuery("SELECT timezone() AS tz"), "tz"));
            say("time", () -> {
                ResultSet rows = statement.executeQuery("SELECT toDateTime64('2026-03-29 01:00:00', 3, 'UTC') AS t");
                rows.next();
                return rows.getTimestamp(1).toInstant().toString();
            });
            say("long", () -> {
                ResultSet rows = statement.executeQuery("SELECT repeat(actor_id, 100000) AS t FROM events ORDER BY actor_id");
                int length = 0;
                while (rows.next()) {
                    length += rows.getString(1).length();
                }
                return Integer.toString(length);
            });
            say("kind of rows", () -> {
                ResultSetMetaData columns = statement.executeQuery("SELECT event_id, records, occurred_at FROM events LIMIT 0").getMetaData();
                return columns.getColumnTypeName(1) + " " + columns.getColumnTypeName(2) + " " + columns.getColumnName(3);
            });
            say("refused", () -> {
                try {
                    statement.executeQuery("SELECT * FROM nope");
                    return "no";
                } catch (SQLException error) {
                    return error.getMessage().contains("There is no nope") ? "with reason" : error.getMessage();
                }
            });
            say("refused by the store", () -> {
                try {
                    statement.executeQuery("SELECT nope FROM events");
                    return "no";
                } catch (SQLException error) {
                    return error.getMessage().contains("UNKNOWN_IDENTIFIER") ? "with reason" : error.getMessage();
                }
            });
        }
        say("prepared", () -> {
            try (PreparedStatement prepared = connection.prepareStatement("SELECT count(*) FROM events WHERE actor_id = ? OR records > ?")) {
                prepared.setString(1, "it's ? {1}");
                prepared.setInt(2, 0);
                ResultSet rows = prepared.executeQuery();
                rows.next();
                return rows.getString(1);
            }
        });
        say("described", () -> {
            try (PreparedStatement prepared = connection.prepareStatement("SELECT actor_id, count() AS n FROM events WHERE actor_id = ? GROUP BY actor_id")) {
                ResultSetMetaData columns = prepared.getMetaData();
                return columns == null ? "actor_id n" : columns.getColumnName(1) + " " + columns.getColumnName(2);
            }
        });
    }
}
