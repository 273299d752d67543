package iam

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"cognate/internal/api/iam"
	"cognate/internal/api/rt"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
)

// secretAAD binds the sealed secret of an access key to its row.
func (r *Room) secretAAD(id string) []string {
	return []string{"iam_access_key", "secret", r.deps.Account, id}
}

// noKey tells that a user has no such access key.
func noKey(id string) error {
	return iam.NewNoSuchEntity("The Access Key with id %s cannot be found.", id)
}

// CreateAccessKey implements the IAM operation. The secret is answered once and kept sealed.
func (o Ops) CreateAccessKey(ctx context.Context, in *iam.CreateAccessKeyRequest) (*iam.CreateAccessKeyResponse, error) {
	name, err := o.caller(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	fresh, err := generateKey(o.deps.Rand, o.deps.Account)
	if err != nil {
		return nil, err
	}
	sealed, err := o.deps.Keyring.Seal(ctx, Scope, []byte(fresh.Secret), o.secretAAD(fresh.AccessKeyID)...)
	if err != nil {
		return nil, fmt.Errorf("iam: seal access key: %w", err)
	}
	now := o.deps.Now().UnixMilli()
	err = o.change(ctx, func(tx *db.Tx) error {
		var u user
		if err := o.named(tx, &u, name); err != nil {
			return err
		}
		if len(u.Keys) >= maxKeys {
			return beyond("AccessKeysPerUser", maxKeys)
		}
		u.Keys = append(u.Keys, fresh.AccessKeyID)
		if err := replace(tx, o.deps.Account, &u); err != nil {
			return err
		}
		return insertKey(tx, o.deps.Account, accessKey{
			id: fresh.AccessKeyID, userKey: key(u.Name), userID: u.ID, status: keyActive, sealed: sealed, created: now,
		})
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreateAccessKeyResponse{AccessKey: &iam.AccessKey{
		UserName: name, AccessKeyId: fresh.AccessKeyID, Status: iam.StatusTypeActive, SecretAccessKey: fresh.Secret,
		CreateDate: new(rt.TimeFromMillis(now / 1000 * 1000)),
	}}, nil
}

// ListAccessKeys implements the IAM operation. The account's root sees its own key when it names no user.
func (o Ops) ListAccessKeys(ctx context.Context, in *iam.ListAccessKeysRequest) (*iam.ListAccessKeysResponse, error) {
	if p := obs.From(ctx).Principal; p.Root && in.UserName == nil {
		return o.rootKeys(ctx)
	}
	name, err := o.caller(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	page, err := o.asked(ctx, in.Marker, in.MaxItems, "ListAccessKeys", name)
	if err != nil {
		return nil, err
	}
	var keys []iam.AccessKeyMetadata
	err = o.view(ctx, func(tx *db.Tx) error {
		var u user
		if err := o.named(tx, &u, name); err != nil {
			return err
		}
		keys = []iam.AccessKeyMetadata{}
		for _, id := range slices.Sorted(slices.Values(u.Keys)) {
			k, err := readKey(tx, o.deps.Account, id)
			if err != nil {
				return err
			}
			keys = append(keys, iam.AccessKeyMetadata{
				UserName: &name, AccessKeyId: &id, Status: new(iam.StatusType(k.status)), CreateDate: new(rt.TimeFromMillis(k.created / 1000 * 1000)),
			})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	keys, truncated, marker, err := within(ctx, page, keys, func(k iam.AccessKeyMetadata) string { return *k.AccessKeyId })
	return &iam.ListAccessKeysResponse{AccessKeyMetadata: keys, IsTruncated: truncated, Marker: marker}, err
}

func (r *Room) rootKeys(ctx context.Context) (*iam.ListAccessKeysResponse, error) {
	id, err := r.RootAccessKeyID(ctx)
	if err != nil {
		return nil, err
	}
	out := &iam.ListAccessKeysResponse{AccessKeyMetadata: []iam.AccessKeyMetadata{}, IsTruncated: new(false)}
	if id != "" {
		out.AccessKeyMetadata = append(out.AccessKeyMetadata, iam.AccessKeyMetadata{AccessKeyId: &id, Status: new(iam.StatusTypeActive)})
	}
	return out, nil
}

// UpdateAccessKey implements the IAM operation.
func (o Ops) UpdateAccessKey(ctx context.Context, in *iam.UpdateAccessKeyRequest) error {
	if in.Status != iam.StatusTypeActive && in.Status != iam.StatusTypeInactive {
		return iam.NewInvalidInput("An access key can be made Active or Inactive, not %s.", string(in.Status))
	}
	return o.alterKey(ctx, in.UserName, in.AccessKeyId, func(tx *db.Tx, _ *user) error {
		return setKeyStatus(tx, o.deps.Account, in.AccessKeyId, string(in.Status))
	})
}

// DeleteAccessKey implements the IAM operation.
func (o Ops) DeleteAccessKey(ctx context.Context, in *iam.DeleteAccessKeyRequest) error {
	return o.alterKey(ctx, in.UserName, in.AccessKeyId, func(tx *db.Tx, u *user) error {
		u.Keys = slices.DeleteFunc(u.Keys, func(id string) bool { return id == in.AccessKeyId })
		if err := replace(tx, o.deps.Account, u); err != nil {
			return err
		}
		if err := forgetUse(tx, o.deps.Account, in.AccessKeyId); err != nil {
			return err
		}
		return buryKey(tx, o.deps.Account, in.AccessKeyId)
	})
}

// alterKey changes a key of a user, by default of the caller.
func (r *Room) alterKey(ctx context.Context, userName *string, id string, alter func(*db.Tx, *user) error) error {
	name, err := r.caller(ctx, userName)
	if err != nil {
		return err
	}
	return r.change(ctx, func(tx *db.Tx) error {
		var u user
		if err := r.named(tx, &u, name); err != nil {
			return err
		}
		if !slices.Contains(u.Keys, id) {
			return noKey(id)
		}
		return alter(tx, &u)
	})
}

// GetAccessKeyLastUsed implements the IAM operation.
func (o Ops) GetAccessKeyLastUsed(ctx context.Context, in *iam.GetAccessKeyLastUsedRequest) (*iam.GetAccessKeyLastUsedResponse, error) {
	var u user
	var used use
	err := o.view(ctx, func(tx *db.Tx) error {
		k, err := readKey(tx, o.deps.Account, in.AccessKeyId)
		if err != nil {
			return err
		}
		if err := read(tx, o.deps.Account, &u, k.userKey); err != nil {
			return err
		}
		used, err = o.lastUse(tx, in.AccessKeyId)
		return err
	})
	if errors.Is(err, errNoEntity) { // AWS does not tell a key of nobody from one of another account
		return nil, rt.NewAccessDenied("User: %s is not authorized to perform: iam:GetAccessKeyLastUsed on resource: access key %s",
			obs.From(ctx).Principal.ARN, in.AccessKeyId)
	}
	if err != nil {
		return nil, err
	}
	last := &iam.AccessKeyLastUsed{ServiceName: "N/A", Region: "N/A"}
	if used.at > 0 {
		last = &iam.AccessKeyLastUsed{LastUsedDate: new(rt.TimeFromMillis(used.at / 1000 * 1000)), ServiceName: used.service, Region: used.region}
	}
	return &iam.GetAccessKeyLastUsedResponse{UserName: &u.Name, AccessKeyLastUsed: last}, nil
}
