package iam

import (
	"context"
	"errors"

	"cognate/internal/api/iam"
	"cognate/internal/api/rt"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
)

// What an account may have, as AWS limits it by default.
const (
	maxUsers          = 5000
	maxGroups         = 300
	maxRoles          = 1000
	maxPolicies       = 1500
	maxProviders      = 100 // of each kind
	maxDevices        = 5000
	maxAttached       = 10 // managed policies of an entity
	maxVersions       = 5
	maxKeys           = 2 // of a user
	maxGroupsOfUser   = 10
	maxDevicesOfUser  = 8
	maxTags           = 50
	maxClientIDs      = 100
	maxClientIDLength = 255
	maxThumbprints    = 5
)

// quotas are the entities of a kind that an account may have, and how AWS calls the limit.
var quotas = map[kind]struct {
	most int64
	name string
}{
	kindUser: {maxUsers, "UsersPerAccount"}, kindGroup: {maxGroups, "GroupsPerAccount"}, kindRole: {maxRoles, "RolesPerAccount"},
	kindPolicy: {maxPolicies, "PoliciesPerAccount"}, kindOIDC: {maxProviders, "OpenIdConnectProvidersPerAccount"},
	kindSAML: {maxProviders, "SAMLProvidersPerAccount"}, kindMFA: {maxDevices, "VirtualMFADevicesPerAccount"},
}

// beyond refuses what is more than an account may have.
func beyond(quota string, most int) error {
	return iam.NewLimitExceeded("Cannot exceed quota for %s: %d", quota, most)
}

// missing tells that there is nothing of that kind with that name, which for policies and providers is an ARN.
func missing(k kind, name string) error {
	switch k {
	case kindPolicy:
		return iam.NewNoSuchEntity("Policy %s was not found.", name)
	case kindOIDC:
		return iam.NewNoSuchEntity("OpenIDConnect Provider not found for arn %s", name)
	case kindSAML:
		return iam.NewNoSuchEntity("SAML Provider not found for arn %s", name)
	case kindMFA:
		return iam.NewNoSuchEntity("VirtualMFADevice with serial number %s doesn't exist.", name)
	}
	return iam.NewNoSuchEntity("The %s with name %s cannot be found.", string(k), name)
}

// taken tells that a name is not free.
func taken(k kind, name string) error {
	switch k {
	case kindUser:
		name = "User with name " + name
	case kindGroup:
		name = "Group with name " + name
	case kindRole:
		name = "Role with name " + name
	case kindPolicy:
		return iam.NewEntityAlreadyExists("A policy called %s already exists. Duplicate names are not allowed.", name)
	case kindOIDC:
		name = "Provider with url https://" + name
	case kindSAML:
		name = "SAMLProvider with name " + name
	case kindMFA:
		name = "MFADevice entity at the same path and name"
	}
	return iam.NewEntityAlreadyExists("%s already exists.", name)
}

// conflict refuses to delete what something else hangs on.
func conflict(first string) error {
	return iam.NewDeleteConflict("Cannot delete entity, must %s first.", first)
}

// unattachable is the answer to a policy ARN that nothing stands behind.
func unattachable(arn string) error {
	return iam.NewNoSuchEntity("Policy %s does not exist or is not attachable.", arn)
}

// noInline tells that an entity has no inline policy of that name.
func noInline(k kind, name string) error {
	return iam.NewNoSuchEntity("The %s policy with name %s cannot be found.", string(k), name)
}

// invalid is the ValidationError of what the model does not tell.
func invalid(text string) error { return &rt.Common{Code: "ValidationError", Message: text} }

// notUser refuses an operation about the caller whose caller is no user.
func notUser() error { return invalid("Must specify userName when calling with non-User credentials") }

// change runs fn in a transaction that changes something.
func (r *Room) change(ctx context.Context, fn func(tx *db.Tx) error) error {
	return r.deps.DB.Update(ctx, func(tx *db.Tx) error {
		if err := count(tx, r.deps.Account); err != nil {
			return err
		}
		tx.AfterCommit(r.forget)
		return fn(tx)
	})
}

// view runs fn in a transaction that only reads.
func (r *Room) view(ctx context.Context, fn func(tx *db.Tx) error) error {
	return r.deps.DB.Read(ctx, fn)
}

// named fills e with the entity of a name; the answer is an AWS exception when there is none, or only one whose name
// differs in case.
func (r *Room) named(tx *db.Tx, e entity, name string) error {
	err := read(tx, r.deps.Account, e, key(name))
	if errors.Is(err, errNoEntity) || err == nil && e.common().Name != name {
		return missing(e.kind(), name)
	}
	return err
}

// byARN is named for entities that operations name by their ARN.
func (r *Room) byARN(tx *db.Tx, e entity, arn string) error {
	name := r.nameIn(arn, e.kind())
	if e.kind() == kindOIDC {
		name = r.urlIn(arn)
	}
	if name == "" {
		return missing(e.kind(), arn)
	}
	err := read(tx, r.deps.Account, e, key(name))
	if errors.Is(err, errNoEntity) || err == nil && r.arn(e) != arn {
		return missing(e.kind(), arn)
	}
	return err
}

// add keeps a new entity within the account's limits.
func (r *Room) add(tx *db.Tx, e entity) error {
	q := quotas[e.kind()]
	n, err := howMany(tx, r.deps.Account, e.kind())
	if err != nil {
		return err
	}
	if n >= q.most {
		return beyond(q.name, int(q.most))
	}
	ok, err := insert(tx, r.deps.Account, e)
	if err == nil && !ok {
		return taken(e.kind(), e.common().Name)
	}
	return err
}

// caller is the user that signed a request, for operations about oneself.
func (r *Room) caller(ctx context.Context, name *string) (string, error) {
	if name != nil {
		return *name, nil
	}
	if c, ok := obs.From(ctx).Principal.Of.(*Caller); ok && c.User != "" {
		return c.User, nil
	}
	return "", notUser()
}
