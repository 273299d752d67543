package iam

import (
	"context"
	"encoding/hex"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"cognate/internal/api/iam"
	"cognate/internal/base/db"
)

// oidc is an OpenID Connect provider whose tokens roles may trust. Its name is its URL without the scheme.
type oidc struct {
	base
	ClientIDs   []string `json:",omitempty"`
	Thumbprints []string `json:",omitempty"` // SHA-1 of certificates, in lower-case hexadecimal
	Plain       bool     `json:",omitempty"` // reached by http, on this machine
}

func (*oidc) kind() kind { return kindOIDC }

func (p *oidc) scheme() string {
	if p.Plain {
		return "http://"
	}
	return "https://"
}

// urlIn returns the URL without its scheme at the end of a provider's ARN, "" when it is none of this account's.
func (r *Room) urlIn(arn string) string {
	name, ok := strings.CutPrefix(arn, r.arnOf(kindOIDC, "/", ""))
	if !ok {
		return ""
	}
	return name
}

// providerURL reads the URL of a new provider. Plain http is for this machine, in dev.
func (r *Room) providerURL(text string) (*oidc, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, invalid("Invalid Open ID Connect Provider URL")
	}
	p := &oidc{base: r.fresh("", strings.TrimSuffix(strings.TrimPrefix(text, u.Scheme+"://"), "/"), nil), Plain: u.Scheme == "http"}
	if p.Plain && (!r.deps.AcceptAnyKey || !loopback(u.Hostname())) {
		return nil, invalid("Open ID Connect Provider URL must begin with https://.")
	}
	return p, nil
}

func loopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// thumbprints checks a list of them.
func thumbprints(list []string) ([]string, error) {
	if len(list) > maxThumbprints {
		return nil, iam.NewInvalidInput("Thumbprint list must contain fewer than %d entries.", maxThumbprints)
	}
	out := make([]string, len(list))
	for i, t := range list {
		if _, err := hex.DecodeString(t); err != nil {
			return nil, iam.NewInvalidInput("Thumbprint %s is not 40 hexadecimal digits.", t)
		}
		out[i] = strings.ToLower(t)
	}
	return out, nil
}

// addClients adds client ids; one that is there already is no mistake.
func (p *oidc) addClients(ids ...string) error {
	for _, id := range ids {
		if len(id) > maxClientIDLength {
			return iam.NewInvalidInput("A client id has at most %d characters.", maxClientIDLength)
		}
		if !slices.Contains(p.ClientIDs, id) {
			p.ClientIDs = append(p.ClientIDs, id)
		}
	}
	if len(p.ClientIDs) > maxClientIDs {
		return beyond("ClientIdsPerOpenIdConnectProvider", maxClientIDs)
	}
	return nil
}

// noPropagation refuses settings of trusted identity propagation, which needs AWS's Identity Center.
func noPropagation(c *iam.ContextProvider, instance *string) error {
	if c == nil && instance == nil {
		return nil
	}
	return iam.NewInvalidInput("Trusted identity propagation is not available: there is no Identity Center here.")
}

// CreateOpenIDConnectProvider implements the IAM operation.
func (o Ops) CreateOpenIDConnectProvider(ctx context.Context, in *iam.CreateOpenIDConnectProviderRequest) (*iam.CreateOpenIDConnectProviderResponse, error) {
	p, err := o.providerURL(in.Url)
	if err == nil {
		err = noPropagation(in.ContextProvider, in.IdentityCenterInstanceArn)
	}
	if err == nil {
		p.Thumbprints, err = thumbprints(in.ThumbprintList)
	}
	if err == nil {
		err = p.addClients(in.ClientIDList...)
	}
	if err == nil {
		err = p.tag(in.Tags)
	}
	if err == nil {
		err = o.change(ctx, func(tx *db.Tx) error { return o.add(tx, p) })
	}
	if err != nil {
		return nil, err
	}
	return &iam.CreateOpenIDConnectProviderResponse{OpenIDConnectProviderArn: new(o.arn(p)), Tags: p.tags()}, nil
}

// GetOpenIDConnectProvider implements the IAM operation.
func (o Ops) GetOpenIDConnectProvider(ctx context.Context, in *iam.GetOpenIDConnectProviderRequest) (*iam.GetOpenIDConnectProviderResponse, error) {
	var p oidc
	if err := o.view(ctx, func(tx *db.Tx) error { return o.byARN(tx, &p, in.OpenIDConnectProviderArn) }); err != nil {
		return nil, err
	}
	return &iam.GetOpenIDConnectProviderResponse{
		Url: &p.Name, ClientIDList: p.ClientIDs, ThumbprintList: p.Thumbprints, CreateDate: new(p.created()), Tags: p.tags(),
	}, nil
}

// ListOpenIDConnectProviders implements the IAM operation.
func (o Ops) ListOpenIDConnectProviders(ctx context.Context, _ *iam.ListOpenIDConnectProvidersRequest) (*iam.ListOpenIDConnectProvidersResponse, error) {
	page, err := o.asked(ctx, nil, new(int64(maxProviders)), "ListOpenIDConnectProviders")
	if err != nil {
		return nil, err
	}
	all, _, _, err := list(ctx, o.Room, page, func(*oidc) bool { return true })
	if err != nil {
		return nil, err
	}
	out := &iam.ListOpenIDConnectProvidersResponse{OpenIDConnectProviderList: []iam.OpenIDConnectProviderListEntry{}}
	for _, p := range all {
		out.OpenIDConnectProviderList = append(out.OpenIDConnectProviderList, iam.OpenIDConnectProviderListEntry{Arn: new(o.arn(p))})
	}
	return out, nil
}

// alterOIDC changes a provider.
func (r *Room) alterOIDC(ctx context.Context, arn string, alter func(*oidc) error) error {
	return r.change(ctx, func(tx *db.Tx) error {
		var p oidc
		if err := r.byARN(tx, &p, arn); err != nil {
			return err
		}
		if err := alter(&p); err != nil {
			return err
		}
		return replace(tx, r.deps.Account, &p)
	})
}

// UpdateOpenIDConnectProvider implements the IAM operation, which is about trusted identity propagation alone.
func (o Ops) UpdateOpenIDConnectProvider(ctx context.Context, in *iam.UpdateOpenIDConnectProviderRequest) error {
	return o.alterOIDC(ctx, in.OpenIDConnectProviderArn, func(*oidc) error { return noPropagation(in.ContextProvider, in.IdentityCenterInstanceArn) })
}

// UpdateOpenIDConnectProviderThumbprint implements the IAM operation.
func (o Ops) UpdateOpenIDConnectProviderThumbprint(ctx context.Context, in *iam.UpdateOpenIDConnectProviderThumbprintRequest) error {
	return o.alterOIDC(ctx, in.OpenIDConnectProviderArn, func(p *oidc) (err error) {
		p.Thumbprints, err = thumbprints(in.ThumbprintList)
		return err
	})
}

// AddClientIDToOpenIDConnectProvider implements the IAM operation.
func (o Ops) AddClientIDToOpenIDConnectProvider(ctx context.Context, in *iam.AddClientIDToOpenIDConnectProviderRequest) error {
	return o.alterOIDC(ctx, in.OpenIDConnectProviderArn, func(p *oidc) error { return p.addClients(in.ClientID) })
}

// RemoveClientIDFromOpenIDConnectProvider implements the IAM operation. One that is not there is no mistake.
func (o Ops) RemoveClientIDFromOpenIDConnectProvider(ctx context.Context, in *iam.RemoveClientIDFromOpenIDConnectProviderRequest) error {
	return o.alterOIDC(ctx, in.OpenIDConnectProviderArn, func(p *oidc) error {
		p.ClientIDs = slices.DeleteFunc(p.ClientIDs, func(id string) bool { return id == in.ClientID })
		return nil
	})
}

// DeleteOpenIDConnectProvider implements the IAM operation. One that is gone already is no mistake.
func (o Ops) DeleteOpenIDConnectProvider(ctx context.Context, in *iam.DeleteOpenIDConnectProviderRequest) error {
	name := o.urlIn(in.OpenIDConnectProviderArn)
	if name == "" {
		return missing(kindOIDC, in.OpenIDConnectProviderArn)
	}
	return o.change(ctx, func(tx *db.Tx) error { return remove(tx, o.deps.Account, kindOIDC, key(name)) })
}
