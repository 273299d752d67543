package iam

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/core/policy"
)

// rights are a user or role with its compiled policies. They do not change.
type rights struct {
	id, arn    string
	name       string
	tags       []tag
	identity   []policy.Source
	boundary   []policy.Source // nil for none
	trust      *policy.Policy  // of a role
	maxSession time.Duration
}

// rightsFor is how long a node works with what it knows without asking whether another node changed something.
const rightsFor = time.Second

// cachedRights bounds what a node remembers of each kind.
const cachedRights = 10_000

// known is what a node remembers: rights by kind and key, access keys by id, and compiled session policies.
type known struct {
	version int64 // of iam_change
	checked time.Time
	rights  map[link]*rights
	keys    map[string]*keyInForce
	managed map[string]policy.Source // by ARN; an empty one does not exist
}

// keyInForce is an access key that may be used, or nothing for one that may not.
type keyInForce struct {
	secret string
	user   string // key
	userID string
}

// forget drops what the node remembers, after it changed something itself.
func (r *Room) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known, r.drops = known{}, r.drops+1
}

// recall gives access to what is remembered, after looking for changes of other nodes at most every second.
func (r *Room) recall(ctx context.Context) error {
	now := time.Now() // never the dev clock
	r.mu.RLock()
	good := r.known.rights != nil && now.Sub(r.known.checked) < rightsFor
	r.mu.RUnlock()
	if good {
		return nil
	}
	var version int64
	if err := r.view(ctx, func(tx *db.Tx) (err error) { version, err = counted(tx, r.deps.Account); return err }); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known.rights == nil || r.known.version != version {
		r.known = known{version: version, rights: map[link]*rights{}, keys: map[string]*keyInForce{}, managed: map[string]policy.Source{}}
		r.drops++
	}
	r.known.checked = now
	return nil
}

// remember keeps what was loaded since drops had that number, unless something was forgotten meanwhile.
func (r *Room) remember(drops uint64, keep func(*known)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.drops != drops || r.known.rights == nil {
		return
	}
	if len(r.known.rights) > cachedRights || len(r.known.keys) > cachedRights || len(r.known.managed) > cachedRights {
		clear(r.known.rights)
		clear(r.known.keys)
		clear(r.known.managed)
	}
	keep(&r.known)
}

// rightsOf returns the rights of a user or role; errNoEntity when there is none, or one with another unique id than id,
// which is "" where any will do.
func (r *Room) rightsOf(ctx context.Context, k kind, name, id string) (*rights, error) {
	have, err := r.rightsAt(ctx, link{k, key(name)})
	if err == nil && (have.name != name || id != "" && have.id != id) {
		return nil, errNoEntity
	}
	return have, err
}

// rightsAt is rightsOf by key.
func (r *Room) rightsAt(ctx context.Context, at link) (*rights, error) {
	if err := r.recall(ctx); err != nil {
		return nil, err
	}
	r.mu.RLock()
	have, drops := r.known.rights[at], r.drops
	r.mu.RUnlock()
	if have != nil {
		return have, nil
	}
	if err := r.view(ctx, func(tx *db.Tx) (err error) { have, err = r.loadRights(tx, at); return err }); err != nil {
		return nil, err
	}
	r.remember(drops, func(k *known) { k.rights[at] = have })
	return have, nil
}

// loadRights reads and compiles what a user or role may do.
func (r *Room) loadRights(tx *db.Tx, at link) (*rights, error) {
	e := ownerOf(at.kind)
	if err := read(tx, r.deps.Account, e, at.key); err != nil {
		return nil, err
	}
	b, h := e.common(), e.holds()
	out := &rights{id: b.ID, arn: r.arn(e), name: b.Name, tags: b.Tags}
	if err := r.collect(tx, out, e); err != nil {
		return nil, err
	}
	switch e := e.(type) {
	case *user:
		for _, groupKey := range e.Groups {
			g := new(group)
			if err := read(tx, r.deps.Account, g, groupKey); err != nil {
				return nil, err
			}
			if err := r.collect(tx, out, g); err != nil {
				return nil, err
			}
		}
	case *role:
		trust, err := compile(e.pinned(), policy.Trust)
		if err != nil {
			return nil, err
		}
		out.trust, out.maxSession = trust, time.Duration(e.MaxSession)*time.Second
	}
	if h.Boundary == "" {
		return out, nil
	}
	bound, err := r.managedSource(tx, h.Boundary)
	if errors.Is(err, errNoEntity) {
		out.boundary = []policy.Source{} // one that allows nothing
		return out, nil
	}
	out.boundary = []policy.Source{bound}
	return out, err
}

// collect adds the policies of an entity to the identity policies.
func (r *Room) collect(tx *db.Tx, to *rights, e owner) error {
	h := e.holds()
	for _, name := range slices.Sorted(maps.Keys(h.Inline)) {
		p, err := compile(h.Inline[name], policy.Inline)
		if err != nil {
			return err
		}
		to.identity = append(to.identity, policy.Source{Policy: p, ID: string(e.kind()) + "_" + e.common().Name + "_" + name})
	}
	for _, arn := range h.Attached {
		s, err := r.managedSource(tx, arn)
		if err != nil {
			return err
		}
		to.identity = append(to.identity, s)
	}
	return nil
}

// managedSource is the default version of a managed policy.
func (r *Room) managedSource(tx *db.Tx, arn string) (policy.Source, error) {
	m := amazonPolicy(arn)
	if m == nil {
		m = new(managed)
		if err := read(tx, r.deps.Account, m, key(r.nameIn(arn, kindPolicy))); err != nil {
			return policy.Source{}, err
		}
	}
	p, err := compile(m.at(m.Default).Document, policy.Managed)
	return policy.Source{Policy: p, ID: arn}, err
}

// managedByARN is the default version of a managed policy, without a policy where there is none of that ARN.
func (r *Room) managedByARN(ctx context.Context, arn string) (policy.Source, error) {
	if err := r.recall(ctx); err != nil {
		return policy.Source{}, err
	}
	r.mu.RLock()
	have, ok := r.known.managed[arn]
	drops := r.drops
	r.mu.RUnlock()
	if ok {
		return have, nil
	}
	err := r.view(ctx, func(tx *db.Tx) error {
		there, err := r.attachable(tx, arn)
		if err != nil || !there {
			return err
		}
		have, err = r.managedSource(tx, arn)
		return err
	})
	if err == nil {
		r.remember(drops, func(k *known) { k.managed[arn] = have })
	}
	return have, err
}

// everything is the policy that allows everything.
var everything = sync.OnceValue(func() policy.Source {
	const arn = amazonPrefix + "/AdministratorAccess"
	p, err := policy.Parse(amazonPolicy(arn).Versions[0].Document, policy.Managed)
	if err != nil {
		panic(err) // the file is part of the program
	}
	return policy.Source{Policy: p, ID: arn}
})

func compile(document string, k policy.Kind) (*policy.Policy, error) {
	p, err := policy.Parse(document, k)
	if err != nil {
		return nil, fmt.Errorf("iam: stored policy: %w", err)
	}
	return p, nil
}
