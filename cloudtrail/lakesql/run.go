package lakesql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Result is what a query found.
type Result struct {
	Columns []string
	Rows    [][]string // as Trino prints them; what is null is "null"
	Scanned int64      // events
	Bytes   int64      // of their JSON
}

// Source calls yield with the JSON of each event of a store. It is called
// once a store.
type Source func(store string, yield func(event []byte) error) error

// MaxRows bounds the rows of a result.
//
// Unverified: AWS's bound.
const MaxRows = 1_000_000

// ErrTooManyRows: a query found more than MaxRows.
var ErrTooManyRows = errors.New("the query returned too many rows")

// check lets SQLite read the query over tables without rows.
func (q *Query) check(list []token) error {
	db, err := q.tables(context.Background())
	if err != nil {
		return err
	}
	defer db.Close()
	st, err := db.Prepare(q.sql)
	if err != nil {
		return explain(err, list)
	}
	return st.Close()
}

// tables makes the tables of the stores.
func (q *Query) tables(ctx context.Context) (*sql.DB, error) {
	db := open()
	for id, columns := range q.wanted {
		var list []string
		for _, c := range columns {
			list = append(list, bracket(c.name)+kinds[c.kind])
		}
		if _, err := db.ExecContext(ctx, "CREATE TABLE "+bracket(id)+" ("+strings.Join(list, ", ")+")"); err != nil {
			return nil, errors.Join(fmt.Errorf("lakesql: make a table: %w", err), db.Close())
		}
	}
	return db, nil
}

// kinds are what columns are declared as.
var kinds = map[string]string{"timestamp": " TEXT COLLATE lake_instant", "boolean": " BOOLEAN"}

// Run answers the query. The events are those of source; now is what now()
// tells. An *Error says what is wrong with the values that the query met.
func (q *Query) Run(ctx context.Context, now time.Time, source Source) (*Result, error) {
	db, err := q.tables(ctx)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	r := &Result{}
	for id, columns := range q.wanted {
		if err := r.load(ctx, db, id, columns, source); err != nil {
			return r, err
		}
	}
	rows, err := db.QueryContext(ctx, q.sql, sql.Named("now", now.UTC().Format(timeLayout)))
	if err != nil {
		return r, failure(ctx, err)
	}
	defer rows.Close()
	return r, r.collect(ctx, rows)
}

// load fills the table of a store.
func (r *Result) load(ctx context.Context, db *sql.DB, id string, columns []column, source Source) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return failure(ctx, err)
	}
	st, err := tx.PrepareContext(ctx, "INSERT INTO "+bracket(id)+" VALUES (?"+strings.Repeat(",?", len(columns)-1)+")")
	if err == nil {
		err = source(id, func(event []byte) error {
			values, err := record(event, columns)
			if err != nil {
				return fmt.Errorf("lakesql: read an event: %w", err)
			}
			r.Scanned++
			r.Bytes += int64(len(event))
			_, err = st.ExecContext(ctx, values...)
			return err
		})
	}
	if err != nil {
		return errors.Join(failure(ctx, err), tx.Rollback())
	}
	return tx.Commit()
}

func (r *Result) collect(ctx context.Context, rows *sql.Rows) (err error) {
	if r.Columns, err = rows.Columns(); err != nil {
		return err
	}
	declared, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	values := make([]any, len(r.Columns))
	to := make([]any, len(values))
	for i := range values {
		to[i] = &values[i]
	}
	for rows.Next() {
		if len(r.Rows) == MaxRows {
			return &Error{Message: ErrTooManyRows.Error()}
		}
		if err := rows.Scan(to...); err != nil {
			return err
		}
		printed := make([]string, len(values))
		for i, v := range values {
			if n, ok := v.(int64); ok && declared[i].DatabaseTypeName() == "BOOLEAN" {
				v = n != 0
			}
			printed[i] = Print(v)
		}
		r.Rows = append(r.Rows, printed)
	}
	return failure(ctx, rows.Err())
}

var sqlFault = regexp.MustCompile(`^(?:SQL logic error: )?(.*?)(?: \(\d+\))?$`)

// failure makes an *Error of what SQLite says of the values of a query.
func failure(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	var refused *Error
	if errors.As(err, &refused) {
		return err
	}
	if m := sqlFault.FindStringSubmatch(err.Error()); strings.HasPrefix(err.Error(), "SQL logic error") {
		return &Error{Message: m[1]}
	}
	return err
}

var faults = []struct {
	pattern *regexp.Regexp
	format  string
}{
	{regexp.MustCompile(`no such column: (?:.*\.)?([^ .]+)`), "Column '%s' cannot be resolved"},
	{regexp.MustCompile(`ambiguous column name: (?:.*\.)?([^ .]+)`), "Column '%s' is ambiguous"},
	{regexp.MustCompile(`no such table: ([^ ]+)`), "Table '%s' does not exist"},
	{regexp.MustCompile(`near "([^"]+)": syntax error`), "mismatched input '%s'"},
	{regexp.MustCompile(`misuse of (?:aggregate|window)(?: function)?:? ?(\w*)`), "Cannot nest or use aggregation '%s' here"},
}

// explain says where in the statement is what SQLite complains of.
func explain(err error, list []token) error {
	for _, f := range faults {
		m := f.pattern.FindStringSubmatch(err.Error())
		if m == nil {
			continue
		}
		name := strings.Trim(m[1], "[]()")
		for _, t := range list {
			if strings.EqualFold(t.text, name) {
				return wrongAt(t, f.format, t.text)
			}
		}
		return &Error{1, 1, fmt.Sprintf(f.format, name)}
	}
	m := sqlFault.FindStringSubmatch(err.Error())
	return &Error{1, 1, m[1]}
}
