// What Grafana's data source asks through database/sql, printed a line each. Arguments: host:port, and the compression.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

func say(name string, step func() (string, error)) {
	text, err := step()
	if err != nil {
		fmt.Printf("FAILED %s: %v\n", name, err)
		return
	}
	fmt.Printf("%s %s\n", name, text)
}

// all reads every value of every row, and joins the first column's.
func all(db *sql.DB, query string, args ...any) (string, error) {
	rows, err := db.Query(query, args...)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return "", err
	}
	var first []string
	for rows.Next() {
		values := make([]any, len(types))
		places := make([]any, len(types))
		for at := range values {
			places[at] = &values[at]
		}
		if err := rows.Scan(places...); err != nil {
			return "", err
		}
		first = append(first, fmt.Sprint(values[0]))
	}
	return strings.Join(first, " "), rows.Err()
}

func main() {
	method := map[string]clickhouse.CompressionMethod{
		"none": clickhouse.CompressionNone,
		"gzip": clickhouse.CompressionGZIP,
		"lz4":  clickhouse.CompressionLZ4,
	}[os.Args[2]]
	db := clickhouse.OpenDB(&clickhouse.Options{
		Addr:        []string{os.Args[1]},
		Auth:        clickhouse.Auth{Database: "usertrail", Username: "any", Password: os.Getenv("USERTRAIL_KEY")},
		Protocol:    clickhouse.HTTP,
		Compression: &clickhouse.Compression{Method: method},
		Settings:    clickhouse.Settings{"limit": 1000000},
		DialTimeout: 10 * time.Second,
	})
	defer db.Close()
	say("ping", func() (string, error) { return "answered", db.PingContext(context.Background()) })
	query := func(name, text string, args ...any) {
		say(name, func() (string, error) { return all(db, text, args...) })
	}
	query("version", "SELECT version()")
	query("databases", "SHOW DATABASES")
	query("tables", `SHOW TABLES FROM "usertrail"`)
	query("columns", `DESC TABLE "usertrail"."users"`)
	query("tags", "SELECT name, type, table FROM system.columns WHERE database IN ('usertrail') AND table = 'users'")
	say("functions", func() (string, error) {
		text, err := all(db, `SELECT name, is_aggregate, case_insensitive, alias_to, origin, description,
			syntax, arguments, returned_value, examples, categories FROM system.functions LIMIT 10000`)
		return fmt.Sprint(len(strings.Fields(text)) > 1000), err
	})
	for _, view := range []string{"devices", "events", "sessions", "user_hours", "users", "violations"} {
		say("view "+view, func() (string, error) {
			rows, err := db.Query("SELECT * FROM " + view)
			if err != nil {
				return "", err
			}
			defer rows.Close()
			count := 0
			for rows.Next() {
				count++
			}
			return fmt.Sprint(count), rows.Err()
		})
	}
	query("zone", "SELECT toTypeName(toDateTime('2026-03-29 00:00:00', 'Europe/Prague'))")
	say("kinds", func() (string, error) {
		rows, err := db.Query(`SELECT toDateTime(0, 'Europe/Prague') AS a, [toNullable('x'), NULL] AS b, map('k', 1) AS c,
			tuple(1, 'a') AS d, toDecimal64(1, 2) AS e, now() AS f, CAST('x' AS LowCardinality(Nullable(String))) AS g`)
		if err != nil {
			return "", err
		}
		defer rows.Close()
		types, err := rows.ColumnTypes()
		var names []string
		for _, kind := range types {
			names = append(names, kind.DatabaseTypeName())
		}
		return strings.Join(names, "; "), err
	})
	query("variants", "SELECT if(actor_id = '1', records, [actor_id]) AS v FROM events ORDER BY actor_id")
	query("filtered", "SELECT actor_id FROM usertrail.events ORDER BY actor_id LIMIT 10\n"+
		`settings additional_table_filters={'usertrail.events' : ' actor_id = \'1\' AND type REGEXP \'^1\' '}`)
	query("distinct", "select distinct actor_id from usertrail.users order by actor_id limit 1000")
	query("bound", "SELECT count() FROM events WHERE actor_id IN (?) AND occurred_at >= ?", []string{"0", "it's"}, time.Unix(0, 0))
	say("many", func() (string, error) {
		text, err := all(db, "SELECT arrayJoin(range(200000)) AS n, toString(n) AS t, [t] AS a, toLowCardinality(t) AS l")
		return fmt.Sprint(len(strings.Fields(text))), err
	})
	query("none", "SELECT actor_id, violations FROM events WHERE 0")
	say("refused", func() (string, error) {
		_, err := all(db, "SELECT * FROM nope")
		if err == nil || !strings.Contains(err.Error(), "UNKNOWN_TABLE") {
			return "", fmt.Errorf("not as it should be: %w", err)
		}
		return "with reason", nil
	})
}
