package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"sealstack/kms"
)

// What stands behind custom key stores and is not here: CloudHSM clusters and
// VPC endpoint services are declared, with whatever is wrong with them.

// listClusters lists the simulated clusters, without passwords.
func (e *Emulator) listClusters(r *http.Request) (any, error) { return e.kms.Clusters(r.Context()) }

func (e *Emulator) putCluster(r *http.Request) (any, error) {
	c := kms.Cluster{Account: e.config.Account, Region: e.config.Region}
	if err := read(r, &c); err != nil {
		return nil, err
	}
	c.ID = r.PathValue("id")
	return struct{}{}, bad(e.kms.PutCluster(r.Context(), c))
}

func (e *Emulator) deleteCluster(r *http.Request) (any, error) {
	q := r.URL.Query()
	account, region := q.Get("account"), q.Get("region")
	if account == "" {
		account = e.config.Account
	}
	if region == "" {
		region = e.config.Region
	}
	return struct{}{}, e.kms.DeleteCluster(r.Context(), account, region, r.PathValue("id"))
}

func (e *Emulator) putEndpointService(r *http.Request) (any, error) {
	s := kms.EndpointService{Owner: e.config.Account, Region: e.config.Region}
	if err := read(r, &s); err != nil {
		return nil, err
	}
	s.Name = r.PathValue("name")
	return struct{}{}, bad(e.kms.PutEndpointService(r.Context(), s))
}

// read reads the body of a control request.
func read(r *http.Request, into any) error {
	decoder := json.NewDecoder(io.LimitReader(r.Body, maxControlBody))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil && decoder.More() {
		err = errors.New("something follows")
	}
	if err != nil {
		return badRequest{fmt.Errorf("the body: %w", err)}
	}
	return nil
}

// bad is an error of whoever sent the request.
func bad(err error) error {
	if err == nil {
		return nil
	}
	return badRequest{err}
}
