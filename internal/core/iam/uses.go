package iam

import (
	"context"
	"sync"
	"time"

	"cognate/internal/api/iam"
	"cognate/internal/api/rt"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
)

// use is when and for what a key was used last.
type use struct {
	at              int64 // ms
	service, region string
}

// maxUses bounds what a node gathers between two writes.
const maxUses = 10_000

// uses gathers on each node which keys and roles were used, and writes that now and then: a signed request costs no write.
type uses struct {
	mu    sync.Mutex
	keys  map[string]use
	roles map[string]use
}

// Used notes that the caller of a request was let in for a service.
func (r *Room) Used(ctx context.Context, service string) {
	req := obs.From(ctx)
	c, ok := req.Principal.Of.(*Caller)
	if !ok || c.User == "" && c.Role == "" {
		return
	}
	u := use{time.Now().UnixMilli(), service, string(req.Region)}
	r.uses.mu.Lock()
	defer r.uses.mu.Unlock()
	switch {
	case c.Role != "":
		r.uses.roles = noted(r.uses.roles, c.Role, u)
	case c.Session == nil:
		r.uses.keys = noted(r.uses.keys, req.Principal.AccessKeyID, u)
	}
}

func noted(m map[string]use, name string, u use) map[string]use {
	if m == nil {
		m = map[string]use{}
	}
	if _, have := m[name]; have || len(m) < maxUses {
		m[name] = u
	}
	return m
}

// key is the use of a key that is not written yet.
func (u *uses) key(id string) (use, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	one, ok := u.keys[id]
	return one, ok
}

// role is the last use of a role on this node, nil for none.
func (u *uses) role(name string) *iam.RoleLastUsed {
	u.mu.Lock()
	defer u.mu.Unlock()
	one, ok := u.roles[name]
	if !ok {
		return &iam.RoleLastUsed{}
	}
	return &iam.RoleLastUsed{LastUsedDate: new(rt.TimeFromMillis(one.at / 1000 * 1000)), Region: &one.region}
}

// Flush writes the uses of keys that this node has gathered.
func (r *Room) Flush(ctx context.Context) error {
	r.uses.mu.Lock()
	keys := r.uses.keys
	r.uses.keys = nil
	r.uses.mu.Unlock()
	if len(keys) == 0 {
		return nil
	}
	return r.deps.DB.Update(ctx, func(tx *db.Tx) error {
		for id, u := range keys {
			if err := markUsed(tx, r.deps.Account, id, u); err != nil {
				return err
			}
		}
		return nil
	})
}
