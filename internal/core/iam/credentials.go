package iam

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/base/sigv4"
	"cognate/internal/core/policy"
)

// Temporary begins the ids of temporary keys. They have an end and rights of their own, so that nobody else's is as good
// as any key.
const Temporary = "ASIA"

// Credentials answers the credential of a long-term access key for signature verification; it is a sigv4.Lookup. Keys that
// are not known answer sigv4.ErrUnknownKey, or in dev an unchecked root credential.
func (r *Room) Credentials(ctx context.Context, accessKeyID, _ string) (sigv4.Credential, error) {
	root, err := r.current(ctx)
	if err != nil {
		return sigv4.Credential{}, err
	}
	if root != nil && accessKeyID == root.AccessKeyID {
		return sigv4.Credential{Secret: root.Secret, Principal: r.rootPrincipal(accessKeyID)}, nil
	}
	if strings.HasPrefix(accessKeyID, Temporary) {
		return sigv4.Credential{}, sigv4.ErrUnknownKey
	}
	key, err := r.keyInForce(ctx, accessKeyID)
	switch {
	case errors.Is(err, errNoEntity) && r.deps.AcceptAnyKey:
		p := r.rootPrincipal(accessKeyID)
		p.Of = &Caller{Kind: policy.Root, Unknown: true}
		return sigv4.Credential{Unchecked: true, Principal: p}, nil
	case errors.Is(err, errNoEntity) || err == nil && key.secret == "":
		return sigv4.Credential{}, sigv4.ErrUnknownKey
	case err != nil:
		return sigv4.Credential{}, err
	}
	p, err := r.userPrincipal(ctx, accessKeyID, key.user, key.userID, nil)
	if err != nil {
		return sigv4.Credential{}, err
	}
	return sigv4.Credential{Secret: key.secret, Principal: p}, nil
}

// rootPrincipal is the account's root.
func (r *Room) rootPrincipal(accessKeyID string) obs.Principal {
	return obs.Principal{
		Account: r.deps.Account, ARN: r.rootARN(), UserID: r.deps.Account, AccessKeyID: accessKeyID, Root: true,
		Of: &Caller{Kind: policy.Root},
	}
}

// userPrincipal is a user who signs, by a key of its own or in a session of GetSessionToken. One who is gone is
// sigv4.ErrUnknownKey.
func (r *Room) userPrincipal(ctx context.Context, accessKeyID, userKey, id string, s *Session) (obs.Principal, error) {
	own, err := r.rightsAt(ctx, link{kindUser, userKey})
	if errors.Is(err, errNoEntity) || err == nil && own.id != id {
		return obs.Principal{}, sigv4.ErrUnknownKey
	}
	if err != nil {
		return obs.Principal{}, err
	}
	return obs.Principal{
		Account: r.deps.Account, ARN: own.arn, UserID: own.id, AccessKeyID: accessKeyID,
		Of: &Caller{Kind: policy.User, User: own.name, ID: own.id, Session: s},
	}, nil
}

// nobodys is remembered of an id that is no key's.
var nobodys = &keyInForce{}

// keyInForce finds a long-term key of a user: errNoEntity when there never was one, without a secret when it may not be
// used.
func (r *Room) keyInForce(ctx context.Context, id string) (*keyInForce, error) {
	if err := r.recall(ctx); err != nil {
		return nil, err
	}
	r.mu.RLock()
	have, drops := r.known.keys[id], r.drops
	r.mu.RUnlock()
	switch {
	case have == nobodys:
		return nil, errNoEntity
	case have != nil:
		return have, nil
	}
	var row accessKey
	err := r.view(ctx, func(tx *db.Tx) (err error) { row, err = readKey(tx, r.deps.Account, id); return err })
	if errors.Is(err, errNoEntity) {
		r.remember(drops, func(k *known) { k.keys[id] = nobodys })
	}
	if err != nil {
		return nil, err
	}
	have = &keyInForce{user: row.userKey, userID: row.userID}
	if row.status == keyActive {
		secret, err := r.deps.Keyring.Open(ctx, Scope, row.sealed, r.secretAAD(id)...)
		if err != nil {
			return nil, fmt.Errorf("iam: open access key: %w", err)
		}
		have.secret = string(secret)
	}
	r.remember(drops, func(k *known) { k.keys[id] = have })
	return have, nil
}
