package lakesql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"

	"modernc.org/sqlite"
)

// scalar is a function of SQLite's. A nil argument makes it nil unasked.
type scalar struct {
	name string
	fn   func(a []driver.Value) (driver.Value, error)
}

// engine is the driver with our functions, made when a query first needs it.
var engine = sync.OnceValue(func() *sqlite.Driver {
	d := &sqlite.Driver{}
	for _, s := range scalars() {
		d.MustRegisterDeterministicScalarFunction(s.name, -1, func(_ *sqlite.FunctionContext, a []driver.Value) (driver.Value, error) {
			for _, v := range a {
				if v == nil {
					return nil, nil
				}
			}
			return s.fn(a)
		})
	}
	d.MustRegisterDeterministicScalarFunction("lake_array", -1, func(_ *sqlite.FunctionContext, a []driver.Value) (driver.Value, error) {
		return arrayOf(a), nil
	})
	d.MustRegisterCollationUtf8("lake_instant", compareInstants)
	return d
})

// scalars are all functions by which a nil is passed on.
func scalars() []scalar {
	var all []scalar
	for _, list := range [][]scalar{mapFunctions, textFunctions, timeFunctions, castFunctions} {
		all = append(all, list...)
	}
	return all
}

// compareInstants compares timestamps however they are written.
func compareInstants(a, b string) int {
	x, ok := parseTime(a)
	y, also := parseTime(b)
	if !ok || !also {
		return strings.Compare(a, b)
	}
	return x.Compare(y)
}

// memory opens databases in memory.
type memory struct{}

func (memory) Connect(context.Context) (driver.Conn, error) {
	return engine().Open("file::memory:?_dqs=0&_pragma=case_sensitive_like(1)&_pragma=temp_store(2)")
}

func (memory) Driver() driver.Driver { return engine() }

// open returns an empty database in memory, of one connection.
func open() *sql.DB {
	db := sql.OpenDB(memory{})
	db.SetMaxOpenConns(1)
	return db
}

// str is an argument as text.
func str(v driver.Value) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return double(v)
	}
	return ""
}

func whole(v driver.Value) int64 {
	switch v := v.(type) {
	case int64:
		return v
	case float64:
		return int64(v)
	}
	n, _ := strconv.ParseInt(str(v), 10, 64)
	return n
}

// double is a number as Trino prints it.
func double(f float64) string {
	if f == math.Trunc(f) && math.Abs(f) < 1e7 {
		return strconv.FormatFloat(f, 'f', 1, 64)
	}
	if math.Abs(f) >= 1e7 || math.Abs(f) < 1e-3 {
		return strings.Replace(strconv.FormatFloat(f, 'E', -1, 64), "E+", "E", 1)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

func truth(b bool) driver.Value {
	if b {
		return int64(1)
	}
	return int64(0)
}

func failed(format string, args ...any) (driver.Value, error) {
	return nil, fmt.Errorf(format, args...)
}
