package iam

import (
	"context"
	"sync"

	"cognate/internal/base/db"
	"cognate/internal/base/obs"
)

// use is when and for what a key or role was used last.
type use struct {
	at              int64 // ms
	service, region string
}

// maxUses bounds what a node gathers between two writes.
const maxUses = 10_000

// uses gathers on each node which keys and roles were used, by their ids, and writes that now and then: a signed request
// costs no write.
type uses struct {
	mu   sync.Mutex
	last map[string]use
}

// Used notes that the caller of a request was let in for a service.
func (r *Room) Used(ctx context.Context, service string) {
	req := obs.From(ctx)
	c, ok := req.Principal.Of.(*Caller)
	if !ok {
		return
	}
	id := ""
	switch {
	case c.Role != "":
		id = c.ID
	case c.User != "" && c.Session == nil:
		id = req.Principal.AccessKeyID
	default:
		return
	}
	now := r.deps.Now().UnixMilli()
	r.uses.mu.Lock()
	defer r.uses.mu.Unlock()
	if r.uses.last == nil {
		r.uses.last = map[string]use{}
	}
	if _, have := r.uses.last[id]; have || len(r.uses.last) < maxUses {
		r.uses.last[id] = use{now, service, string(req.Region)}
	}
}

// lastUse is the last use of a key or role that this node knows of.
func (r *Room) lastUse(tx *db.Tx, id string) (use, error) {
	u, err := lastUse(tx, r.deps.Account, id)
	r.uses.mu.Lock()
	defer r.uses.mu.Unlock()
	if later, ok := r.uses.last[id]; ok && later.at > u.at {
		u = later
	}
	return u, err
}

// flush writes the uses that this node has gathered.
func (r *Room) flush(ctx context.Context) error {
	r.uses.mu.Lock()
	last := r.uses.last
	r.uses.last = nil
	r.uses.mu.Unlock()
	if len(last) == 0 {
		return nil
	}
	return r.deps.DB.Update(ctx, func(tx *db.Tx) error {
		for id, u := range last {
			if err := markUsed(tx, r.deps.Account, id, u); err != nil {
				return err
			}
		}
		return nil
	})
}
