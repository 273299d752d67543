package iam

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"cognate/internal/api/rt"
	"cognate/internal/base/obs"
	"cognate/internal/core/policy"
)

// Ask is what a caller wants to do.
type Ask struct {
	Action string // cognito-idp:CreateUserPool
	// Resources are the ARNs that it is about; all must be allowed. None is "*".
	Resources []string
	// Keys are the condition keys that the operation brings.
	Keys policy.Context
}

// Authorize says whether p may do what ask says. The account's root user may do everything, everybody else what the
// policies allow. Refusals are *rt.Common.
func (r *Room) Authorize(ctx context.Context, p obs.Principal, ask *Ask) error {
	if p.Root && p.Account == r.deps.Account {
		return nil
	}
	resources := ask.Resources
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	d, err := r.dossier(ctx, p)
	if err != nil {
		return err
	}
	d.keys.Merge(&ask.Keys)
	for _, resource := range resources {
		if err := r.decide(ctx, d, ask.Action, resource, policy.Sets{}); err != nil {
			return err
		}
	}
	return nil
}

// dossier is all that policies are evaluated with for one caller.
type dossier struct {
	principal policy.Principal
	keys      policy.Context
	sets      policy.Sets
}

// decide evaluates one request; more are the policies that the resource brings. A refusal is a *rt.Common.
func (r *Room) decide(ctx context.Context, d *dossier, action, resource string, more policy.Sets) error {
	sets := d.sets
	sets.Resource, sets.Alone = more.Resource, more.Alone
	request := &policy.Request{Principal: d.principal, Action: action, Resource: resource, Context: &d.keys}
	decision := policy.Evaluate(request, &sets)
	obs.From(ctx).Decision = told(&decision)
	if decision.Allowed() {
		return nil
	}
	obs.Cause(ctx, "%s: %s", action, told(&decision))
	r.encodeMessage(ctx, policy.Message(request, &decision))
	return rt.NewAccessDenied("%s", policy.Denial(request, &sets, &decision))
}

// dossier gathers who p is and what limits it. A caller that is gone has no policies.
func (r *Room) dossier(ctx context.Context, p obs.Principal) (*dossier, error) {
	c, ok := p.Of.(*Caller)
	if !ok {
		return &dossier{principal: policy.Principal{Kind: policy.Anonymous, ARN: p.ARN}}, nil
	}
	d := &dossier{principal: policy.Principal{Kind: c.Kind, ARN: p.ARN, ID: c.ID, Account: p.Account}}
	r.requestKeys(ctx, &d.keys)
	k, name := kindUser, c.User
	if c.Kind == policy.AssumedRole {
		k, name = kindRole, c.Role
	}
	var own *rights
	if name != "" {
		var err error
		own, err = r.rightsOf(ctx, k, name, c.ID)
		if err != nil && !errors.Is(err, errNoEntity) {
			return nil, err
		}
	}
	switch {
	case c.Kind == policy.Root: // only where roles are assumed; everything else is open to it
	case own == nil && c.Session != nil && c.Session.Of == "":
		// The root's own session, or its federated user, whom the session policies alone limit.
		d.sets.Identity = []policy.Source{everything()}
	case own == nil:
		obs.Cause(ctx, "the %s %s is gone", string(k), name)
		d.principal = policy.Principal{Kind: c.Kind, ARN: p.ARN, Account: p.Account}
		return d, nil
	}
	if own != nil {
		d.sets.Identity, d.sets.Boundary = own.identity, own.boundary
		if c.Kind == policy.AssumedRole || c.Kind == policy.FederatedUser {
			d.principal.Parent = own.arn
		}
	}
	d.callerKeys(p, c, own, r.deps.Now())
	if c.Session != nil {
		return d, r.sessionLayers(ctx, d, c.Session)
	}
	return d, nil
}

// requestKeys are the condition keys of every request.
func (r *Room) requestKeys(ctx context.Context, keys *policy.Context) {
	req, now := obs.From(ctx), r.deps.Now().UTC()
	keys.Set("aws:CurrentTime", now.Format(time.RFC3339))
	keys.Set("aws:EpochTime", strconv.FormatInt(now.Unix(), 10))
	keys.Set("aws:SecureTransport", strconv.FormatBool(req.Secure || r.deps.Secure))
	if req.ClientIP.IsValid() {
		keys.Set("aws:SourceIp", req.ClientIP.String())
	}
	if req.UserAgent != "" {
		keys.Set("aws:UserAgent", req.UserAgent)
	}
	if req.Region != "" {
		keys.Set("aws:RequestedRegion", string(req.Region))
	}
	keys.Set("aws:PrincipalIsAWSService", "false")
	keys.Set("aws:ViaAWSService", "false")
	keys.Set("aws:ResourceAccount", r.deps.Account)
}

// principalTypes are the values of aws:PrincipalType.
var principalTypes = map[policy.PrincipalKind]string{
	policy.Root: "Account", policy.User: "User", policy.AssumedRole: "AssumedRole", policy.FederatedUser: "FederatedUser",
}

// callerKeys are the condition keys that tell who calls.
func (d *dossier) callerKeys(p obs.Principal, c *Caller, own *rights, now time.Time) {
	k := &d.keys
	k.Set("aws:PrincipalType", principalTypes[c.Kind])
	k.Set("aws:PrincipalAccount", p.Account)
	k.Set("aws:PrincipalArn", p.ARN)
	k.Set("aws:userid", p.UserID)
	if c.Kind == policy.AssumedRole {
		k.Set("aws:PrincipalArn", own.arn)
	}
	if c.Kind == policy.User {
		k.Set("aws:username", c.User)
	}
	if own != nil && c.Kind != policy.FederatedUser {
		for _, t := range own.tags {
			k.Set("aws:PrincipalTag/"+t.Key, t.Value)
		}
	}
	s := c.Session
	if s == nil {
		return
	}
	for _, t := range s.Tags {
		k.Set("aws:PrincipalTag/"+t.Key, t.Value)
	}
	k.Set("aws:TokenIssueTime", s.Issued.UTC().Format(time.RFC3339))
	k.Set("aws:MultiFactorAuthPresent", strconv.FormatBool(!s.MFA.IsZero()))
	if !s.MFA.IsZero() {
		k.Set("aws:MultiFactorAuthAge", strconv.FormatInt(int64(now.Sub(s.MFA)/time.Second), 10))
	}
	if s.SourceIdentity != "" {
		k.Set("aws:SourceIdentity", s.SourceIdentity)
	}
	for name, values := range s.Context {
		k.Set(name, values...)
	}
}

// sessionLayers compiles the session policies.
func (r *Room) sessionLayers(ctx context.Context, d *dossier, s *Session) error {
	if s.Kind == policy.FederatedUser && len(s.Layers) == 0 {
		d.sets.Session = [][]policy.Source{{}}
	}
	for _, l := range s.Layers {
		layer := []policy.Source{}
		if l.Document != "" {
			p, err := r.sessions.parse(l.Document)
			if err != nil {
				return err
			}
			layer = append(layer, policy.Source{Policy: p, ID: "session policy"})
		}
		for _, arn := range l.ARNs {
			p, err := r.managedByARN(ctx, arn)
			if err != nil {
				return err
			}
			if p.Policy != nil { // else it was deleted since and allows nothing
				layer = append(layer, p)
			}
		}
		d.sets.Session = append(d.sets.Session, layer)
	}
	return nil
}

// layers are the names of the kinds of policies for the log event.
var layers = map[policy.Layer]string{
	policy.ByIdentity: "identity", policy.ByBoundary: "boundary", policy.BySession: "session", policy.ByResource: "resource", policy.ByRoot: "root",
}

// told is which statement decided, for the log event.
func told(d *policy.Decision) string {
	var b strings.Builder
	b.WriteString(string(d.Result) + " by " + layers[d.Layer])
	for _, m := range d.Matched {
		b.WriteString(" " + m.Source.ID + " statement " + strconv.Itoa(m.Statement+1))
		if sid := m.Source.Policy.Sid(m.Statement); sid != "" {
			b.WriteString(" (" + sid + ")")
		}
	}
	return b.String()
}
