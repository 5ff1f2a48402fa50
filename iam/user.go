package iam

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/storage"
)

// userRef names a user of the caller's account.
func userRef(ctx context.Context, name string) ref { return ref{homeOf(ctx), aUser, name} }

// self names the user who calls, or the root user; name is UserName where the
// caller gave it.
func self(ctx context.Context, name *string) (ref, error) {
	if name != nil {
		return userRef(ctx, *name), nil
	}
	switch c := api.CallerOf(ctx); c.Type {
	case api.User:
		return userRef(ctx, c.Name), nil
	case api.Root:
		return ref{homeOf(ctx), aRoot, ""}, nil
	}
	return ref{}, notAUser()
}

// CreateUser makes a user without any rights.
func (s identity) CreateUser(ctx context.Context, in *iamapi.CreateUserRequest) (*iamapi.CreateUserResponse, error) {
	r := userRef(ctx, in.UserName)
	e := s.newEntity(userPrefix, in.UserName, in.Path)
	e.Boundary = deref(in.PermissionsBoundary)
	if err := s.permit(ctx, "iam:CreateUser", r.arn(e), creationKeys(in.Tags, e.Boundary)); err != nil {
		return nil, err
	}
	err := s.update(ctx, func(tx storage.Tx) (err error) {
		if e.Tags, err = setTags(nil, in.Tags); err != nil {
			return err
		}
		if err := checkBoundary(tx, r.Home, e.Boundary); err != nil {
			return err
		}
		return r.create(tx, e)
	})
	if err != nil {
		return nil, err
	}
	user := r.user(e)
	user.Tags = showTags(e.Tags)
	return &iamapi.CreateUserResponse{User: &user}, nil
}

// newEntity returns an entity with a fresh id, created now.
func (s *state) newEntity(prefix, name string, path *string) *entity {
	return &entity{Name: name, Path: pathOr(path), ID: newID(prefix), Created: s.now()}
}

// now is the time to the second, as IAM keeps it.
func (s *state) now() time.Time { return s.clock.Now().Truncate(time.Second) }

func pathOr(path *string) string {
	if path == nil {
		return "/"
	}
	return *path
}

// deref returns what p points to, or the zero value.
func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// user is how lists show a user: without tags and boundary, see
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUsers.html
func (r ref) user(e *entity) iamapi.User {
	return iamapi.User{
		Path: e.Path, UserName: e.Name, UserId: e.ID, Arn: r.arn(e), CreateDate: e.Created,
		PermissionsBoundary: boundary(e.Boundary),
	}
}

// boundary shows a permissions boundary; nil for none. The type is always
// "Policy", although the model lists another word, see
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachedPermissionsBoundary.html
func boundary(arn string) *iamapi.AttachedPermissionsBoundary {
	if arn == "" {
		return nil
	}
	kind := iamapi.PermissionsBoundaryAttachmentType("Policy")
	return &iamapi.AttachedPermissionsBoundary{PermissionsBoundaryType: &kind, PermissionsBoundaryArn: &arn}
}

// GetUser returns a user, or whoever calls: a user or the root user.
func (s identity) GetUser(ctx context.Context, in *iamapi.GetUserRequest) (*iamapi.GetUserResponse, error) {
	r, err := self(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	if r.Kind == aRoot {
		return s.rootUser(ctx, r)
	}
	e, err := s.find(ctx, "iam:GetUser", r)
	if err != nil {
		return nil, err
	}
	user := r.user(e)
	user.Tags = showTags(e.Tags)
	return &iamapi.GetUserResponse{User: user}, nil
}

// rootUser answers GetUser for the root user.
//
// Unverified: the creation date, which is that of the account, is the epoch
// here; the user name is empty.
func (s identity) rootUser(ctx context.Context, r ref) (*iamapi.GetUserResponse, error) {
	if err := s.permit(ctx, "iam:GetUser", r.arn(nil), nil); err != nil {
		return nil, err
	}
	return &iamapi.GetUserResponse{User: iamapi.User{
		Path: "/", UserId: r.Home.Account, Arn: r.Home.root(), CreateDate: time.Unix(0, 0).UTC(),
	}}, nil
}

// ListUsers lists the account's users under a path.
func (s identity) ListUsers(ctx context.Context, in *iamapi.ListUsersRequest) (*iamapi.ListUsersResponse, error) {
	q := query{"ListUsers", aUser, deref(in.PathPrefix), in.Marker, in.MaxItems}
	found, p, err := s.list(ctx, q)
	if err != nil {
		return nil, err
	}
	return &iamapi.ListUsersResponse{Users: show(found, ref.user), IsTruncated: p.truncated(), Marker: p.marker()}, nil
}

// query is a request for a list of an account's entities.
type query struct {
	operation string
	kind      kind
	prefix    string // of the path
	marker    *string
	max       *int32
}

// named is an entity with what names it.
type named struct {
	ref
	*entity
}

// show turns entities into what an answer lists.
func show[T any](found []named, as func(ref, *entity) T) []T {
	out := make([]T, len(found))
	for i, n := range found {
		out[i] = as(n.ref, n.entity)
	}
	return out
}

// list authorizes the query and returns the entities of the page.
func (s *state) list(ctx context.Context, q query) (found []named, p *page, err error) {
	h := homeOf(ctx)
	resource := h.arn(q.kind, cmp.Or(q.prefix, "/"), "")
	if err := s.permit(ctx, "iam:"+q.operation, resource, nil); err != nil {
		return nil, nil, err
	}
	err = s.view(ctx, func(tx storage.Tx) error {
		found, p, err = nil, nil, nil
		if p, err = s.newPage(q.operation, q.marker, q.max); err != nil {
			return err
		}
		return eachEntity(tx, h, q.kind, func(r ref, e *entity) bool {
			if strings.HasPrefix(e.Path, q.prefix) && p.take(strings.ToLower(e.Name)) {
				found = append(found, named{r, e})
			}
			return !p.full()
		})
	})
	return found, p, err
}

// eachEntity calls fn for an account's entities of one kind by name, until it
// returns false.
func eachEntity(tx storage.Tx, h home, what kind, fn func(ref, *entity) bool) error {
	for row, err := range entities.Scan(tx, storage.Range{Prefix: storage.K(h.Partition, h.Account, what)}) {
		if err != nil {
			return err
		}
		if !fn(ref{h, what, row.Value.Name}, &row.Value) {
			return nil
		}
	}
	return nil
}

// UpdateUser gives a user another name or path. Ids, keys, policies and
// groups stay.
func (s identity) UpdateUser(ctx context.Context, in *iamapi.UpdateUserRequest) (*api.None, error) {
	r := userRef(ctx, in.UserName)
	return done(s.move(ctx, "iam:UpdateUser", r, in.NewUserName, in.NewPath))
}

// move authorizes and changes the name or path of an entity. AWS asks for the
// right to the old ARN and to the new one.
func (s *state) move(ctx context.Context, action string, r ref, name, path *string) error {
	e, err := s.find(ctx, action, r)
	if err != nil {
		return err
	}
	e.Name, e.Path = cmp.Or(deref(name), e.Name), cmp.Or(deref(path), e.Path)
	if err := s.permit(ctx, action, r.arn(e), nil); err != nil {
		return err
	}
	return s.update(ctx, func(tx storage.Tx) error {
		e, err := r.load(tx)
		if err != nil {
			return err
		}
		e.Name, e.Path = cmp.Or(deref(name), e.Name), cmp.Or(deref(path), e.Path)
		return r.rename(tx, e)
	})
}

// DeleteUser deletes a user who holds nothing any more.
//
// Unverified: which conflict AWS names first when there are several.
func (s identity) DeleteUser(ctx context.Context, in *iamapi.DeleteUserRequest) (*api.None, error) {
	r := userRef(ctx, in.UserName)
	return done(s.change(ctx, "iam:DeleteUser", r, func(tx storage.Tx, e *entity) error {
		switch {
		case len(e.Groups) > 0:
			return conflict("remove users from group")
		case len(e.Attached) > 0:
			return conflict("detach all policies")
		case len(e.Inline) > 0:
			return conflict("delete policies")
		case len(e.Keys) > 0:
			return conflict("delete access keys")
		}
		return r.remove(tx, e)
	}))
}

// sortedNames returns the keys of a map in order.
func sortedNames[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
