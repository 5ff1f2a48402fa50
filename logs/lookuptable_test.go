package logs

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"sealstack/api/logsapi"
	"sealstack/storage"
	"sealstack/storage/memory"
	"sealstack/storage/seal"
)

const (
	usersARN = "arn:aws:logs:us-west-2:111122223333:lookup-table:users"
	users    = "id,name\n1,Jane\n2,\"Doe, John\"\n"
)

func (b *bench) createTable(name, key string) {
	b.t.Helper()
	in := &logsapi.CreateLookupTableRequest{LookupTableName: name, TableBody: ptr(users), Description: ptr("who")}
	if key != "" {
		in.KmsKeyId = &key
	}
	_, err := b.CreateLookupTable(b.ctx, in)
	b.ok(err)
}

func TestALookupTableIsKeptAndReplaced(t *testing.T) {
	store, root := memory.New(), seal.NewEphemeral()
	t.Cleanup(func() { store.Close() })
	b := newBenchOver(t, store, root)
	b.createTable("users", "")
	b.createTable("other", "")
	b = newBenchOver(t, store, root) // restarted
	out, err := b.GetLookupTable(b.ctx, &logsapi.GetLookupTableRequest{LookupTableArn: usersARN})
	b.ok(err)
	if *out.TableBody != users || *out.LookupTableName != "users" || *out.Description != "who" || *out.SizeBytes != int64(len(users)) || out.KmsKeyId != nil {
		t.Errorf("table %+v", out)
	}
	b.ok(b.clock.Advance(time.Minute))
	_, err = b.UpdateLookupTable(b.ctx, &logsapi.UpdateLookupTableRequest{LookupTableArn: usersARN, TableBody: ptr("id\n3\n"), KmsKeyId: ptr(keyARN)})
	b.ok(err)
	list, err := b.DescribeLookupTables(b.ctx, &logsapi.DescribeLookupTablesRequest{LookupTableNamePrefix: ptr("us")})
	b.ok(err)
	if n := len(list.LookupTables); n != 1 {
		t.Fatalf("%d tables", n)
	}
	l := list.LookupTables[0]
	if got := fmt.Sprint(l.TableFields, *l.RecordsCount, *l.KmsKeyId == keyARN, *l.LastUpdatedTime-start.UnixMilli()); got != "[id] 1 true 60000" {
		t.Errorf("described as %s", got)
	}
	table, err := b.LookupTable(b.ctx, "users")
	if err != nil || fmt.Sprint(table.Columns, table.Rows) != "[id] [[3]]" {
		t.Errorf("table %+v, %v", table, err)
	}
	_, err = b.DeleteLookupTable(b.ctx, &logsapi.DeleteLookupTableRequest{LookupTableArn: usersARN})
	b.ok(err)
	_, err = b.GetLookupTable(b.ctx, &logsapi.GetLookupTableRequest{LookupTableArn: usersARN})
	b.fails(err, "ResourceNotFoundException", "The specified lookup table does not exist.")
	b.ok(store.Check(b.ctx))
}

func TestALookupTableIsReadableWhileItsKeyIs(t *testing.T) {
	b := newBench(t, func(c *Config) { c.DataKeyLifetime = 0 })
	b.createTable("users", keyARN)
	if got := b.keys.calls[0]; got != "GenerateDataKey as logs.us-west-2.amazonaws.com for "+usersARN {
		t.Errorf("KMS is called: %s", got)
	}
	b.keys.refuse(keyARN)
	_, err := b.GetLookupTable(b.ctx, &logsapi.GetLookupTableRequest{LookupTableArn: usersARN})
	b.fails(err, "AccessDeniedException", "The specified KMS key does not exist or is not allowed to be used with Arn '"+usersARN+"'")
	list, err := b.DescribeLookupTables(b.ctx, &logsapi.DescribeLookupTablesRequest{})
	if err != nil || fmt.Sprint(list.LookupTables[0].TableFields) != "[id name]" {
		t.Errorf("listed as %+v, %v", list, err)
	}
	b.ok(b.store.View(b.ctx, func(_ context.Context, tx storage.Tx) error {
		for e, err := range lookupTables.Scan(tx, storage.Range{}) {
			body, read := b.store.Blobs().Read(b.ctx, e.Value.Box.Blob)
			if err != nil || read != nil || strings.Contains(fmt.Sprintf("%s %s", body, e.Value.Columns), "name") || strings.Contains(string(body), "Jane") {
				t.Errorf("stored in clear: %q, %v, %v", body, err, read)
			}
		}
		return nil
	}))
	b.keys.allow(keyARN)
	_, err = b.GetLookupTable(b.ctx, &logsapi.GetLookupTableRequest{LookupTableArn: usersARN})
	b.ok(err)
}

func TestALookupTableIsMadeOfAQuery(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", "")
	b.createStream("g", "s")
	b.put("g", "s", `{"id":1,"name":"Jane"}`)
	q, err := b.StartQuery(b.ctx, &logsapi.StartQueryRequest{LogGroupName: ptr("g"), QueryString: "fields id, name", EndTime: b.now()/1000 + 1})
	b.ok(err)
	b.Settle()
	_, err = b.CreateLookupTable(b.ctx, &logsapi.CreateLookupTableRequest{LookupTableName: "users", QueryId: q.QueryId})
	b.ok(err)
	out, err := b.GetLookupTable(b.ctx, &logsapi.GetLookupTableRequest{LookupTableArn: usersARN})
	if err != nil || *out.TableBody != "id,name\n1,Jane\n" {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestALookupTableIsRefused(t *testing.T) {
	b := newBench(t)
	b.createTable("users", "")
	b.keys.refuse(secondKey)
	for _, c := range []struct {
		name       string
		body, key  *string
		query      *string
		code, says string
	}{
		{"users", ptr(users), nil, nil, "ResourceAlreadyExistsException", "The specified lookup table already exists"},
		{"t", nil, nil, nil, "ValidationException", "Exactly one of tableBody and queryId must be specified."},
		{"t", nil, nil, ptr("none"), "ResourceNotFoundException", "The specified query does not exist."},
		{"t", ptr("a,b\n1\n"), nil, nil, "ValidationException", "The table body is not valid CSV with a header row."},
		{"t", ptr("a,a\n"), nil, nil, "ValidationException", "The columns of a table must have names, each its own."},
		{"t", ptr("a\xff"), nil, nil, "ValidationException", "The table body is not UTF-8."},
		{"t", ptr(users), ptr("alias/a"), nil, "InvalidParameterException", "The specified KMS Key Id could not be found. 't'"},
		{"t", ptr(users), ptr(secondKey), nil, "AccessDeniedException", "The specified KMS key does not exist or is not allowed to be used with Arn 'arn:aws:logs:us-west-2:111122223333:lookup-table:t'"},
	} {
		_, err := b.CreateLookupTable(b.ctx, &logsapi.CreateLookupTableRequest{LookupTableName: c.name, TableBody: c.body, QueryId: c.query, KmsKeyId: c.key})
		b.fails(err, c.code, c.says)
	}
	_, err := b.GetLookupTable(b.ctx, &logsapi.GetLookupTableRequest{LookupTableArn: "users"})
	b.fails(err, "InvalidParameterException", "Invalid lookup table ARN 'users'.")
	for action, call := range map[string]func() error{
		"CreateLookupTable": func() error {
			_, err := b.CreateLookupTable(b.ctx, &logsapi.CreateLookupTableRequest{LookupTableName: "n", TableBody: ptr(users)})
			return err
		},
		"GetLookupTable": func() error {
			_, err := b.GetLookupTable(b.ctx, &logsapi.GetLookupTableRequest{LookupTableArn: usersARN})
			return err
		},
		"UpdateLookupTable": func() error {
			_, err := b.UpdateLookupTable(b.ctx, &logsapi.UpdateLookupTableRequest{LookupTableArn: usersARN, TableBody: ptr(users)})
			return err
		},
		"DescribeLookupTables": func() error {
			_, err := b.DescribeLookupTables(b.ctx, &logsapi.DescribeLookupTablesRequest{})
			return err
		},
		"DeleteLookupTable": func() error {
			_, err := b.DeleteLookupTable(b.ctx, &logsapi.DeleteLookupTableRequest{LookupTableArn: usersARN})
			return err
		},
	} {
		b.auth.deny = map[string]bool{"logs:" + action: true}
		b.fails(call(), "AccessDeniedException", "denied logs:"+action)
	}
}
