package cloudtrail

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync"
	"time"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/arn"
	"sealstack/auth"
	"sealstack/storage"
)

// importing is an import of a trail's log files into an event data store.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-copy-trail-to-lake.html
type importing struct {
	ID        string                     `cbor:"1,keyasint"`
	Account   string                     `cbor:"2,keyasint"`
	Partition string                     `cbor:"3,keyasint"`
	Region    string                     `cbor:"4,keyasint"`
	Store     string                     `cbor:"5,keyasint"` // ARN of the destination
	Source    cloudtrailapi.ImportSource `cbor:"6,keyasint"`
	From      time.Time                  `cbor:"7,keyasint,omitzero"`
	To        time.Time                  `cbor:"8,keyasint,omitzero"`
	Created   time.Time                  `cbor:"9,keyasint"`
	Updated   time.Time                  `cbor:"10,keyasint"`
	Status    cloudtrailapi.ImportStatus `cbor:"11,keyasint"`

	// After is the key of the last file that was dealt with.
	After string `cbor:"12,keyasint,omitempty"`
	// Retry: the files that failed are tried again, and then the rest.
	Retry    bool   `cbor:"13,keyasint,omitempty"`
	Prefixes int64  `cbor:"14,keyasint,omitempty"` // that were found: days of a Region
	Passed   int64  `cbor:"15,keyasint,omitempty"` // of them
	Files    int64  `cbor:"16,keyasint,omitempty"`
	Events   int64  `cbor:"17,keyasint,omitempty"`
	Failed   int64  `cbor:"18,keyasint,omitempty"`
	Folder   string `cbor:"19,keyasint,omitempty"` // of the last file
}

// importFailure is a file, or a prefix, that could not be imported.
type importFailure struct {
	Status  cloudtrailapi.ImportFailureStatus `cbor:"1,keyasint"`
	Type    string                            `cbor:"2,keyasint"`
	Message string                            `cbor:"3,keyasint"`
	Updated time.Time                         `cbor:"4,keyasint"`
	Key     string                            `cbor:"5,keyasint,omitempty"` // "" for a prefix
}

var (
	// imports: account, Region, id.
	imports = storage.NewTable[importing]("cloudtrail.import")
	// importFailures: import id, location.
	importFailures = storage.NewTable[importFailure]("cloudtrail.importfailure")
)

func (m *importing) place() storage.Key { return storage.K(m.Account, m.Region, m.ID) }

func (m *importing) active() bool {
	return m.Status == cloudtrailapi.ImportStatusInitializing || m.Status == cloudtrailapi.ImportStatusInProgress
}

// Sentences of imports. Unverified: all of them.

func unknownImport() *api.Error {
	return cloudtrailapi.ImportNotFoundException("The specified import was not found.")
}

func ongoingImport() *api.Error {
	return cloudtrailapi.AccountHasOngoingImportException("Your account already has an import in progress.")
}

func badImportSource(why string) *api.Error {
	return cloudtrailapi.InvalidImportSourceException("The import source is not valid: %s", why)
}

// StartImport starts to import log files, or an import that has stopped or
// failed again.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartImport.html
func (s *Service) StartImport(ctx context.Context, in *cloudtrailapi.StartImportRequest) (*cloudtrailapi.StartImportResponse, error) {
	m, err := s.importOf(ctx, in)
	if err != nil {
		return nil, err
	}
	e, err := s.activeStore(ctx, m.Store, "", "StartImport")
	if err != nil {
		return nil, err
	}
	c := api.CallerOf(ctx)
	switch {
	case !e.collects():
		return nil, wrongCategory()
	case e.Account != c.Account:
		return nil, cloudtrailapi.OperationNotPermittedException("Only the account of the event data store can import events to it.") // Unverified: the sentence
	}
	m.Store = e.arn()
	if err := s.mayPassRole(ctx, m.Source.S3.S3BucketAccessRoleArn); err != nil {
		return nil, err
	}
	if _, err := s.asImporter(ctx, m); err != nil {
		return nil, err
	}
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		if busy, err := hasImport(tx, m.Account, ""); err != nil || busy {
			return orElse(err, ongoingImport())
		}
		return imports.Put(tx, m.place(), *m)
	})
	if err != nil {
		return nil, err
	}
	s.lake.run(ctx, m.ID, func(ctx context.Context) { s.runImport(ctx, *m) })
	return &cloudtrailapi.StartImportResponse{
		ImportId: &m.ID, Destinations: []string{m.Store}, ImportSource: &m.Source, StartEventTime: instant(m.From), EndEventTime: instant(m.To),
		ImportStatus: new(cloudtrailapi.ImportStatusInitializing), CreatedTimestamp: &m.Created, UpdatedTimestamp: &m.Updated,
	}, nil
}

// importOf is the import of a request: a new one, or one that is tried again.
func (s *Service) importOf(ctx context.Context, in *cloudtrailapi.StartImportRequest) (*importing, error) {
	c, now := api.CallerOf(ctx), s.clock.Now()
	if in.ImportId != nil {
		if in.Destinations != nil || in.ImportSource != nil || in.StartEventTime != nil || in.EndEventTime != nil {
			return nil, badParameter("ImportId cannot be specified together with other parameters.")
		}
		m, err := s.openImport(ctx, *in.ImportId, "StartImport")
		if err != nil {
			return nil, err
		}
		if m.active() || m.Status == cloudtrailapi.ImportStatusCompleted {
			return nil, badParameter("Only an import that has failed or was stopped can be started again.")
		}
		m.Retry, m.Status, m.Updated = true, cloudtrailapi.ImportStatusInitializing, now
		return &m, nil
	}
	if in.Destinations == nil || in.ImportSource == nil {
		return nil, badParameter("Destinations and ImportSource must be specified.")
	}
	m := &importing{
		ID: newID(), Account: c.Account, Partition: c.Partition, Region: c.Region, Store: in.Destinations[0], Source: *in.ImportSource,
		Created: now, Updated: now, Status: cloudtrailapi.ImportStatusInitializing,
	}
	set(&m.From, in.StartEventTime)
	set(&m.To, in.EndEventTime)
	if in.StartEventTime != nil && in.EndEventTime != nil && m.To.Before(m.From) {
		return nil, badParameter("EndEventTime must be later than StartEventTime.")
	}
	return m, m.sound()
}

var bucketURI = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?$`) })

// sound checks the source.
func (m *importing) sound() error {
	src := m.Source.S3
	if !bucketURI().MatchString(src.S3LocationUri) {
		return badImportSource("S3LocationUri must be of the form s3://bucket/prefix.")
	}
	if a, err := arn.Parse(src.S3BucketAccessRoleArn); err != nil || a.Service != "iam" || a.Kind() != "role" {
		return badImportSource("S3BucketAccessRoleArn is not the ARN of a role.")
	}
	return nil
}

// mayPassRole asks whether the caller may hand the role to CloudTrail.
func (s *Service) mayPassRole(ctx context.Context, role string) error {
	return s.auth.Authorize(ctx, &auth.Request{Service: cloudtrailapi.Service, Action: "iam:PassRole", Resource: role})
}

// hasImport says whether an import of an account, or to a store, goes on.
func hasImport(tx storage.Tx, account, store string) (bool, error) {
	for row, err := range imports.Scan(tx, storage.Range{Prefix: storage.K(account)}) {
		if err != nil {
			return false, err
		}
		if row.Value.active() && (store == "" || row.Value.Store == store) {
			return true, nil
		}
	}
	return false, nil
}

// openImport authorizes an action and finds the import of an id.
func (s *Service) openImport(ctx context.Context, id, action string) (m importing, err error) {
	if err := s.authorize(ctx, action, "*", nil); err != nil {
		return m, err
	}
	c := api.CallerOf(ctx)
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) (err error) {
		m, err = imports.Get(tx, storage.K(c.Account, c.Region, id))
		return err
	})
	if errors.Is(err, storage.ErrNotFound) {
		err = unknownImport()
	}
	return m, err
}

func (m *importing) shown() *cloudtrailapi.GetImportResponse {
	return &cloudtrailapi.GetImportResponse{
		ImportId: &m.ID, Destinations: []string{m.Store}, ImportSource: &m.Source, StartEventTime: instant(m.From), EndEventTime: instant(m.To),
		ImportStatus: &m.Status, CreatedTimestamp: &m.Created, UpdatedTimestamp: &m.Updated,
		ImportStatistics: &cloudtrailapi.ImportStatistics{
			PrefixesFound: &m.Prefixes, PrefixesCompleted: &m.Passed, FilesCompleted: &m.Files, EventsCompleted: &m.Events, FailedEntries: &m.Failed,
		},
	}
}

// GetImport tells how an import goes.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetImport.html
func (s *Service) GetImport(ctx context.Context, in *cloudtrailapi.GetImportRequest) (*cloudtrailapi.GetImportResponse, error) {
	m, err := s.openImport(ctx, in.ImportId, "GetImport")
	if err != nil {
		return nil, err
	}
	return m.shown(), nil
}

// StopImport stops an import. What was imported stays.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StopImport.html
func (s *Service) StopImport(ctx context.Context, in *cloudtrailapi.StopImportRequest) (*cloudtrailapi.StopImportResponse, error) {
	m, err := s.openImport(ctx, in.ImportId, "StopImport")
	if err != nil {
		return nil, err
	}
	m, err = s.editImport(ctx, &m, nil, func(m *importing) { m.Status = cloudtrailapi.ImportStatusStopped })
	if errors.Is(err, errImportEnded) {
		return nil, badParameter("The import has ended.") // Unverified: the error
	}
	if err != nil {
		return nil, err
	}
	s.lake.stop(m.ID)
	out := cloudtrailapi.StopImportResponse{}
	d := m.shown()
	out.ImportId, out.ImportSource, out.Destinations, out.ImportStatus = d.ImportId, d.ImportSource, d.Destinations, d.ImportStatus
	out.CreatedTimestamp, out.UpdatedTimestamp, out.StartEventTime = d.CreatedTimestamp, d.UpdatedTimestamp, d.StartEventTime
	out.EndEventTime, out.ImportStatistics = d.EndEventTime, d.ImportStatistics
	return &out, nil
}

// ListImports lists the imports of the account in this Region.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListImports.html
func (s *Service) ListImports(ctx context.Context, in *cloudtrailapi.ListImportsRequest) (*cloudtrailapi.ListImportsResponse, error) {
	if err := s.authorize(ctx, "ListImports", "*", nil); err != nil {
		return nil, err
	}
	c := api.CallerOf(ctx)
	if in.Destination != nil {
		if _, err := storeNameOf(c, *in.Destination, ""); err != nil {
			return nil, err
		}
	}
	rows, next, err := listPage(ctx, s, imports, pageOf{"ListImports", storage.K(c.Account, c.Region), in.NextToken, in.MaxResults, 100},
		func(m *importing) bool {
			return (in.Destination == nil || strings.HasSuffix(m.Store, *in.Destination)) && (in.ImportStatus == nil || m.Status == *in.ImportStatus)
		})
	out := &cloudtrailapi.ListImportsResponse{Imports: []cloudtrailapi.ImportsListItem{}, NextToken: next}
	for _, m := range rows {
		out.Imports = append(out.Imports, cloudtrailapi.ImportsListItem{
			ImportId: new(m.ID), ImportStatus: new(m.Status), Destinations: []string{m.Store}, CreatedTimestamp: new(m.Created), UpdatedTimestamp: new(m.Updated),
		})
	}
	return out, err
}

// ListImportFailures lists the files that an import could not take.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListImportFailures.html
func (s *Service) ListImportFailures(ctx context.Context, in *cloudtrailapi.ListImportFailuresRequest) (*cloudtrailapi.ListImportFailuresResponse, error) {
	m, err := s.openImport(ctx, in.ImportId, "ListImportFailures")
	if e, refused := refusal(err); refused && e.Code == "ImportNotFoundException" {
		return nil, badParameter("The specified import was not found.") // Unverified: the error
	}
	if err != nil {
		return nil, err
	}
	rows, next, err := listPage(ctx, s, importFailures, pageOf{"ListImportFailures", storage.K(m.ID), in.NextToken, in.MaxResults, 1000},
		func(*importFailure) bool { return true })
	out := &cloudtrailapi.ListImportFailuresResponse{Failures: []cloudtrailapi.ImportFailureListItem{}, NextToken: next}
	for _, f := range rows {
		bucket, _ := bucketAndPrefix(m.Source.S3.S3LocationUri)
		out.Failures = append(out.Failures, cloudtrailapi.ImportFailureListItem{
			Location: new("s3://" + bucket + "/" + f.Key), Status: new(f.Status), ErrorType: new(f.Type), ErrorMessage: new(f.Message),
			LastUpdatedTime: new(f.Updated),
		})
	}
	return out, err
}
