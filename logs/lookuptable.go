package logs

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/auth"
	"sealstack/storage"
)

// maxLookupTables is how many tables an account has in a Region.
//
// Unverified: the figure.
const maxLookupTables = 100

// lookupTable is kept under (account, Region, name). Its rows are in a box,
// and so sealed; its columns, which listings show, under the root key.
type lookupTable struct {
	Name        string
	Description *string
	Columns     []byte // sealed
	Records     int64
	Size        int64 // bytes of the body
	Created     int64
	Updated     int64
	Tags        map[string]string
	Box         box
}

var lookupTables = storage.NewTable[lookupTable]("logs.lookuptable")

func lookupResource(name string) string { return "lookup-table:" + name }

// Table is a lookup table as the lookup command of queries uses it.
type Table struct {
	Columns []string
	Rows    [][]string // as long as Columns each
}

// parseTable reads a table's body: CSV with a header.
//
// Unverified: AWS's sentences.
func parseTable(body string) (*Table, error) {
	if !utf8.ValidString(body) {
		return nil, validation("The table body is not UTF-8.")
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(body, "\ufeff"))).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, validation("The table body is not valid CSV with a header row.")
	}
	t := &Table{Columns: rows[0], Rows: rows[1:]}
	for i, name := range t.Columns {
		if t.Columns[i] = strings.TrimSpace(name); t.Columns[i] == "" || slices.Contains(t.Columns[:i], t.Columns[i]) {
			return nil, validation("The columns of a table must have names, each its own.")
		}
	}
	return t, nil
}

// tableBody returns the body that a call gives, or that the results of a
// query make.
//
// Unverified: AWS's sentences.
func (s *Service) tableBody(ctx context.Context, body, query *string) (string, error) {
	switch {
	case (body == nil) == (query == nil):
		return "", validation("Exactly one of tableBody and queryId must be specified.")
	case body != nil:
		return *body, nil
	}
	q, status, err := s.current(ctx, *query)
	if err != nil {
		return "", err
	}
	if status != logsapi.QueryStatusComplete {
		return "", validation("The query has not completed.")
	}
	rows, _, err := s.results(ctx, &q)
	if err != nil {
		return "", err
	}
	return csvOf(rows)
}

// CreateLookupTable keeps a table, sealed under a KMS key if one is named.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLookupTable.html
func (s *Service) CreateLookupTable(ctx context.Context, in *logsapi.CreateLookupTableRequest) (*logsapi.CreateLookupTableResponse, error) {
	p := placeOf(ctx)
	if err := s.authorize(ctx, "CreateLookupTable", p.arn(lookupResource(in.LookupTableName)), auth.RequestTags(in.Tags)); err != nil {
		return nil, err
	}
	t := lookupTable{Name: in.LookupTableName, Description: in.Description, Tags: in.Tags, Created: s.now()}
	d, err := s.fillTable(ctx, &t, in.TableBody, in.QueryId, in.KmsKeyId)
	if err != nil {
		return nil, err
	}
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		if there, err := lookupTables.Has(tx, p.key(t.Name)); there || err != nil {
			return either(err, tableExists)
		}
		if err := keepBox(tx, &t.Box, d); err != nil {
			return err
		}
		return putLimited(tx, lookupTables, p.key(), p.key(t.Name), t, maxLookupTables)
	})
	if err != nil {
		return nil, errors.Join(err, s.store.Blobs().Discard(context.WithoutCancel(ctx), t.Box.Blob))
	}
	name := p.arn(lookupResource(t.Name))
	return &logsapi.CreateLookupTableResponse{LookupTableArn: &name, CreatedAt: &t.Created}, nil
}

// fillTable reads the body and seals it in a new box.
func (s *Service) fillTable(ctx context.Context, t *lookupTable, given, query, key *string) (dataKey, error) {
	body, err := s.tableBody(ctx, given, query)
	if err != nil {
		return dataKey{}, err
	}
	table, err := parseTable(body)
	if err != nil {
		return dataKey{}, err
	}
	if err := namesKey(key, t.Name); err != nil {
		return dataKey{}, err
	}
	columns, err := json.Marshal(table.Columns)
	if err != nil {
		return dataKey{}, err
	}
	b, d, err := s.newBox(ctx, lookupResource(t.Name), t.Name, value(key))
	if err != nil {
		return d, err
	}
	t.Box, t.Records, t.Size, t.Updated = b, int64(len(table.Rows)), int64(len(body)), s.now()
	t.Columns = s.root.Seal(t.columnLabel(), columns)
	return d, s.fillNew(ctx, &t.Box, d, []byte(body))
}

func (t *lookupTable) columnLabel() string { return "logs.lookuptable/" + t.Box.Holder.ID }

func tableExists() error {
	return logsapi.ResourceAlreadyExistsException("The specified lookup table already exists") // Unverified: AWS's sentence
}

func noSuchTable() error {
	return logsapi.ResourceNotFoundException("The specified lookup table does not exist.") // Unverified: AWS's sentence
}

// table returns the table of an ARN, if the caller may perform the action.
func (s *Service) table(ctx context.Context, action, table string) (lookupTable, error) {
	p := placeOf(ctx)
	name, ok := strings.CutPrefix(table, p.arn(lookupResource("")))
	if !ok {
		return lookupTable{}, logsapi.InvalidParameterException("Invalid lookup table ARN '%s'.", table) // Unverified: AWS's sentence
	}
	t, err := lookup(ctx, s, lookupTables, p.key(name), noSuchTable)
	if denied := s.authorize(ctx, action, table, auth.ResourceTags(t.Tags)); denied != nil {
		return t, denied
	}
	return t, err
}

// GetLookupTable returns a table with its body.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLookupTable.html
func (s *Service) GetLookupTable(ctx context.Context, in *logsapi.GetLookupTableRequest) (*logsapi.GetLookupTableResponse, error) {
	t, err := s.table(ctx, "GetLookupTable", in.LookupTableArn)
	if err != nil {
		return nil, err
	}
	plain, err := s.open(ctx, &t.Box)
	if err != nil {
		return nil, err
	}
	body := string(plain)
	return &logsapi.GetLookupTableResponse{
		LookupTableArn: &in.LookupTableArn, LookupTableName: &t.Name, Description: t.Description, TableBody: &body,
		SizeBytes: &t.Size, LastUpdatedTime: &t.Updated, KmsKeyId: t.Box.key(),
	}, nil
}

// LookupTable returns the table of a name for the lookup command of a query
// that the caller in ctx makes; noSuchTable if there is none.
func (s *Service) LookupTable(ctx context.Context, name string) (*Table, error) {
	t, err := s.table(ctx, "GetLookupTable", placeOf(ctx).arn(lookupResource(name)))
	if err != nil {
		return nil, err
	}
	plain, err := s.open(ctx, &t.Box)
	if err != nil {
		return nil, err
	}
	return parseTable(string(plain))
}

// DescribeLookupTables lists tables by name, without their rows.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLookupTables.html
func (s *Service) DescribeLookupTables(ctx context.Context, in *logsapi.DescribeLookupTablesRequest) (*logsapi.DescribeLookupTablesResponse, error) {
	if err := s.authorizeAccount(ctx, "DescribeLookupTables"); err != nil {
		return nil, err
	}
	p := placeOf(ctx)
	all, err := list(ctx, s, lookupTables, p.key())
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(t lookupTable) bool { return !strings.HasPrefix(t.Name, value(in.LookupTableNamePrefix)) })
	page, next, err := cut(s.root, pageOf(in.MaxResults), s.listing(ctx, "DescribeLookupTables"), in.NextToken, all,
		func(t lookupTable) storage.Key { return storage.K(t.Name) }, false)
	if err != nil {
		return nil, err
	}
	out := &logsapi.DescribeLookupTablesResponse{LookupTables: []logsapi.LookupTable{}, NextToken: next}
	for i := range page {
		t, name := &page[i], p.arn(lookupResource(page[i].Name))
		shown := logsapi.LookupTable{
			LookupTableArn: &name, LookupTableName: &t.Name, Description: t.Description, RecordsCount: &t.Records,
			SizeBytes: &t.Size, LastUpdatedTime: &t.Updated, KmsKeyId: t.Box.key(),
		}
		columns, err := s.root.Open(t.columnLabel(), t.Columns)
		if err == nil {
			err = json.Unmarshal(columns, &shown.TableFields)
		}
		if err != nil {
			return nil, err
		}
		out.LookupTables = append(out.LookupTables, shown)
	}
	return out, nil
}

// UpdateLookupTable puts another body in the place of a table's.
//
// Unverified: that a call without KMS key keeps the table's own.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_UpdateLookupTable.html
func (s *Service) UpdateLookupTable(ctx context.Context, in *logsapi.UpdateLookupTableRequest) (*logsapi.UpdateLookupTableResponse, error) {
	t, err := s.table(ctx, "UpdateLookupTable", in.LookupTableArn)
	if err != nil {
		return nil, err
	}
	old, key := t.Box, in.KmsKeyId
	if key == nil {
		key = t.Box.key()
	}
	if in.Description != nil {
		t.Description = in.Description
	}
	d, err := s.fillTable(ctx, &t, in.TableBody, in.QueryId, key)
	if err != nil {
		return nil, err
	}
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		k := placeOf(ctx).key(t.Name)
		now, err := lookupTables.Get(tx, k)
		if err != nil {
			return either(ignoreNotFound(err), noSuchTable)
		}
		if now.Box.Holder.ID != old.Holder.ID {
			return conflicting()
		}
		return errors.Join(dropBox(tx, &old), keepBox(tx, &t.Box, d), lookupTables.Put(tx, k, t))
	})
	if err != nil {
		return nil, errors.Join(err, s.store.Blobs().Discard(context.WithoutCancel(ctx), t.Box.Blob))
	}
	s.ring.forget(old.Holder.ID)
	return &logsapi.UpdateLookupTableResponse{LookupTableArn: &in.LookupTableArn, LastUpdatedTime: &t.Updated}, nil
}

// DeleteLookupTable removes a table. It needs no key.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteLookupTable.html
func (s *Service) DeleteLookupTable(ctx context.Context, in *logsapi.DeleteLookupTableRequest) (*api.None, error) {
	t, err := s.table(ctx, "DeleteLookupTable", in.LookupTableArn)
	if err != nil {
		return nil, err
	}
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		k := placeOf(ctx).key(t.Name)
		now, err := lookupTables.Get(tx, k)
		if err != nil {
			return either(ignoreNotFound(err), noSuchTable)
		}
		return errors.Join(dropBox(tx, &now.Box), lookupTables.Delete(tx, k))
	})
	s.ring.forget(t.Box.Holder.ID)
	return nil, err
}

// bytesOf writes records as CSV.
func bytesOf(records [][]string) (string, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	err := w.WriteAll(records)
	return b.String(), err
}
