package organizations

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"sealstack/api/organizationsapi"
	"sealstack/storage"
)

// organization is an organization with its tree.
type organization struct {
	ID          string                        `cbor:"1,keyasint"`
	Partition   string                        `cbor:"2,keyasint"`
	Management  string                        `cbor:"3,keyasint"` // account
	AllFeatures bool                          `cbor:"4,keyasint"`
	Root        string                        `cbor:"5,keyasint"`
	Types       []organizationsapi.PolicyType `cbor:"6,keyasint,omitempty"` // enabled in the root
	Nodes       map[string]*node              `cbor:"7,keyasint"`           // root, units and accounts

	Services    map[string]time.Time `cbor:"8,keyasint,omitempty"` // with trusted access, since when
	Delegations []delegation         `cbor:"9,keyasint,omitempty"`
}

// node is the root, an organizational unit or an account.
type node struct {
	ID       string   `cbor:"1,keyasint"`
	Parent   string   `cbor:"2,keyasint,omitempty"` // none for the root
	Name     string   `cbor:"3,keyasint,omitempty"` // empty for an account that joined: nobody knows it here
	Policies []string `cbor:"4,keyasint,omitempty"` // attached, oldest first
	Tags     []tag    `cbor:"5,keyasint,omitempty"`

	Email   string    `cbor:"6,keyasint,omitempty"` // of an account that was created here
	Joined  time.Time `cbor:"7,keyasint"`           // of an account
	Created bool      `cbor:"8,keyasint,omitempty"` // the account was created here, and not invited
}

var (
	byID      = storage.NewTable[organization]("organizations.organization")
	byAccount = storage.NewTable[string]("organizations.account") // its organization
)

// load returns an organization by id.
func load(tx storage.Tx, id string) (*organization, error) {
	o, err := byID.Get(tx, storage.K(id))
	return &o, err
}

// loadOf returns the organization of an account, nil if it is in none.
func loadOf(tx storage.Tx, account string) (*organization, error) {
	id, err := byAccount.Get(tx, storage.K(account))
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return load(tx, id)
}

func (o *organization) save(tx storage.Tx) error { return byID.Put(tx, storage.K(o.ID), *o) }

// arn returns the ARN of something in the organization.
func (o *organization) arn(what kind, id string) string {
	return o.prefix() + string(what) + "/" + o.ID + "/" + id
}

func (o *organization) prefix() string {
	return "arn:" + o.Partition + ":organizations::" + o.Management + ":"
}

func (o *organization) selfARN() string { return o.prefix() + "organization/" + o.ID }

// find returns the node with that id if it is of one of the kinds, else nil.
func (o *organization) find(id string, kinds ...kind) *node {
	n := o.Nodes[id]
	if n == nil || !slices.Contains(kinds, kindOf(id)) {
		return nil
	}
	return n
}

// each returns the nodes of one kind, by id.
func (o *organization) each(what kind) []*node {
	var out []*node
	for _, id := range slices.Sorted(maps.Keys(o.Nodes)) {
		if kindOf(id) == what {
			out = append(out, o.Nodes[id])
		}
	}
	return out
}

// under returns the nodes of one kind directly below a parent, by id.
func (o *organization) under(parent string, what kind) []*node {
	return slices.DeleteFunc(o.each(what), func(n *node) bool { return n.Parent != parent })
}

// line returns the nodes from the root down to n.
func (o *organization) line(n *node) []*node {
	var up []*node
	for ; n != nil; n = o.Nodes[n.Parent] {
		up = append(up, n)
	}
	slices.Reverse(up)
	return up
}

// path is the entity path of a node: o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/.
func (o *organization) path(n *node) string {
	var b strings.Builder
	b.WriteString(o.ID + "/")
	for _, each := range o.line(n) {
		b.WriteString(each.ID + "/")
	}
	return b.String()
}

// enabled reports whether a type of policy is in use in the root.
func (o *organization) enabled(t organizationsapi.PolicyType) bool {
	return slices.Contains(o.Types, t)
}

// grow adds a node with the policies that AWS attaches to each.
func (o *organization) grow(n *node) {
	for _, t := range o.Types {
		n.Policies = append(n.Policies, fullAccess[t])
	}
	o.Nodes[n.ID] = n
}

// join makes the account a member, below the root.
func (o *organization) join(tx storage.Tx, n *node) error {
	n.Parent = o.Root
	o.grow(n)
	if err := byAccount.Put(tx, storage.K(n.ID), o.ID); err != nil {
		return err
	}
	return o.save(tx)
}

// part ends the membership of an account.
func (o *organization) part(tx storage.Tx, account string) error {
	delete(o.Nodes, account)
	o.Delegations = slices.DeleteFunc(o.Delegations, func(d delegation) bool { return d.Account == account })
	if err := byAccount.Delete(tx, storage.K(account)); err != nil {
		return err
	}
	return o.save(tx)
}
