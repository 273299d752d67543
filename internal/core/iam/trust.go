package iam

import (
	"context"
	"errors"
	"strings"

	"cognate/internal/api/iam"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/policy"
)

// grammar refuses a document that is no policy of that kind; the log event says where the mistake is.
func (r *Room) grammar(ctx context.Context, document string, k policy.Kind) (*policy.Policy, error) {
	p, err := policy.Parse(document, k)
	var wrong *policy.Error
	if errors.As(err, &wrong) {
		obs.Cause(ctx, "policy: line %d, column %d", wrong.At.Line, wrong.At.Column)
		return nil, iam.NewMalformedPolicyDocument("%s", wrong.Text)
	}
	return p, err
}

// trust gives a role a trust policy. Users and roles of this account that it names are pinned to their unique ids: one of
// the same name that is made later is not meant.
func (r *Room) trust(tx *db.Tx, x *role, document string) error {
	p, err := r.grammar(tx.Context(), document, policy.Trust)
	if err != nil {
		return err
	}
	if policy.Size(document) > policy.MaxTrust {
		return beyond("ACLSizePerRole", policy.MaxTrust)
	}
	pins := map[string]string{}
	for _, n := range p.Principals() {
		id, ours, err := r.pin(tx, n)
		if err != nil {
			return err
		}
		if ours && id == "" {
			return iam.NewMalformedPolicyDocument("%s", policy.InvalidPrincipal(n).Text)
		}
		if ours {
			pins[n.Value] = id
		}
	}
	x.Trust, x.Pins = document, pins
	return nil
}

// pin finds the unique id behind the ARN of a user or role of this account, "" when there is none; other principals are
// not ours.
func (r *Room) pin(tx *db.Tx, n policy.Named) (id string, ours bool, err error) {
	prefix := "arn:aws:iam::" + r.deps.Account + ":"
	if n.Type != policy.PrincipalAWS || !strings.HasPrefix(n.Value, prefix+"user/") && !strings.HasPrefix(n.Value, prefix+"role/") {
		return "", false, nil
	}
	var e owner = new(user)
	if strings.HasPrefix(n.Value, prefix+"role/") {
		e = new(role)
	}
	err = read(tx, r.deps.Account, e, key(r.nameIn(n.Value, e.kind())))
	switch {
	case errors.Is(err, errNoEntity) || err == nil && r.arn(e) != n.Value:
		return "", true, nil
	case err != nil:
		return "", true, err
	}
	return e.common().ID, true, nil
}

// pinned is the trust policy with unique ids in the place of names.
func (x *role) pinned() string {
	return x.mapTrust(func(arn string) string { return x.Pins[arn] })
}

// mapTrust replaces pinned principals by what to gives for their ARNs, unless that is "".
func (x *role) mapTrust(to func(arn string) string) string {
	if len(x.Pins) == 0 {
		return x.Trust
	}
	p, err := policy.Parse(x.Trust, policy.Trust)
	if err != nil {
		return x.Trust
	}
	return p.MapPrincipals(func(n policy.Named) string {
		if n.Type == policy.PrincipalAWS && x.Pins[n.Value] != "" {
			if value := to(n.Value); value != "" {
				return value
			}
		}
		return n.Value
	})
}

// unpin shows the trust policy of a role: of users and roles that are gone the unique id is all that is left.
func (r *Room) unpin(tx *db.Tx, x *role) error {
	gone := map[string]string{}
	for arn, id := range x.Pins {
		now, _, err := r.pin(tx, policy.Named{Type: policy.PrincipalAWS, Value: arn})
		if err != nil {
			return err
		}
		if now != id {
			gone[arn] = id
		}
	}
	if len(gone) > 0 {
		x.Trust = x.mapTrust(func(arn string) string { return gone[arn] })
	}
	return nil
}
