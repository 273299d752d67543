package seed

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"go.yaml.in/yaml/v3"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/branding"
	"cognate/internal/core/directory"
	"cognate/internal/core/factor"
	"cognate/internal/core/pool"
)

// Exporter writes what a server has as a seed file.
type Exporter struct {
	DB      *db.DB
	API     cognitoidp.Service
	Pools   *pool.Pools
	Users   *directory.Directory
	Factors *factor.Factors
	// Branding has the images of pages.
	Branding *branding.Room
	// Secrets says that client secrets, passwords and software tokens come along. Without them clients get new secrets, and
	// users have neither password nor software token.
	Secrets bool

	// Left tells, in words, what is there and could not come along.
	Left []string
}

// Export is the file of the named pools.
func (e *Exporter) Export(ctx context.Context, poolIDs []string) (*File, error) {
	f := &File{}
	for _, id := range poolIDs {
		p, err := e.Pools.Pool(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("pool %s: %w", id, err)
		}
		out, err := e.pool(ctx, p)
		if err != nil {
			return nil, fmt.Errorf("pool %s: %w", id, err)
		}
		f.Pools = append(f.Pools, *out)
	}
	return f, nil
}

// Write writes the file as YAML.
func (f *File) Write(w io.Writer) error {
	enc := yaml.NewEncoder(w)
	enc.SetIndent(2)
	if err := enc.Encode(f); err != nil {
		return fmt.Errorf("seed file: %w", err)
	}
	return enc.Close()
}

func (e *Exporter) left(p *pool.Pool, format string, args ...any) {
	e.Left = append(e.Left, "pool "+p.ID+": "+fmt.Sprintf(format, args...))
}

func (e *Exporter) pool(ctx context.Context, p *pool.Pool) (*Pool, error) {
	out := &Pool{ID: p.ID, Name: *p.Config.Name}
	for _, part := range []func(context.Context, *pool.Pool, *Pool) error{
		e.poolSettings, e.domains, e.mfa, e.sessions, e.poolCustomization, e.resourceServers, e.clients, e.groups, e.users,
	} {
		if err := part(ctx, p, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (e *Exporter) poolSettings(_ context.Context, p *pool.Pool, out *Pool) (err error) {
	config := *p.Config
	schema := pool.DeclaredSchema(config.SchemaAttributes)
	if a := config.AdminCreateUserConfig; a != nil { // the older name of a member of the password policy
		other := *a
		other.UnusedAccountValidityDays = nil
		config.AdminCreateUserConfig = &other
	}
	// MFA has a block of its own.
	if out.Settings, err = members(&config, "pool", "PoolName", "MfaConfiguration"); err != nil {
		return err
	}
	if len(schema) > 0 {
		if out.Settings["Schema"], err = plain(schema); err != nil {
			return err
		}
	}
	if l := config.LambdaConfig; l != nil && l.KMSKeyID != nil {
		e.left(p, "the material of the KMS key %s; declare it under keys, or let senders use one of AWS", *l.KMSKeyID)
	}
	return nil
}

func (e *Exporter) domains(_ context.Context, p *pool.Pool, out *Pool) error {
	for _, d := range p.Domains {
		settings, err := members(d.DomainDescriptionType, "domain", "Domain", "UserPoolId")
		if err != nil {
			return err
		}
		out.Domains = append(out.Domains, Domain{Domain: *d.Domain, Settings: settings})
	}
	return nil
}

func (e *Exporter) mfa(_ context.Context, p *pool.Pool, out *Pool) (err error) {
	config := *p.MFA
	if config.MfaConfiguration == nil || *config.MfaConfiguration == cognitoidp.UserPoolMfaTypeOff {
		// What follows from the settings of the pool cannot be said beside OFF.
		config.SmsMfaConfiguration, config.SoftwareTokenMfaConfiguration, config.EmailMfaConfiguration = nil, nil, nil
	}
	out.MFA, err = members(&config, "mfa", "UserPoolId")
	return err
}

func (e *Exporter) sessions(ctx context.Context, p *pool.Pool, out *Pool) error {
	if !p.Sessions.Tracking {
		return nil
	}
	have, err := e.API.GetUserPoolSessionConfiguration(ctx, &cognitoidp.GetUserPoolSessionConfigurationRequest{UserPoolId: p.ID})
	if err == nil {
		out.Sessions, err = members(have, "sessions", "UserPoolId")
	}
	return err
}

func (e *Exporter) resourceServers(ctx context.Context, p *pool.Pool, out *Pool) error {
	in := &cognitoidp.ListResourceServersRequest{UserPoolId: p.ID}
	for {
		page, err := e.API.ListResourceServers(ctx, in)
		if err != nil {
			return err
		}
		for i := range page.ResourceServers {
			r := &page.ResourceServers[i]
			settings, err := members(r, "resourceServer", "UserPoolId", "Identifier", "Name")
			if err != nil {
				return err
			}
			out.ResourceServers = append(out.ResourceServers, ResourceServer{Identifier: *r.Identifier, Name: value(r.Name), Settings: settings})
		}
		if in.NextToken = page.NextToken; in.NextToken == nil {
			return nil
		}
	}
}

func (e *Exporter) clients(ctx context.Context, p *pool.Pool, out *Pool) error {
	in := &cognitoidp.ListUserPoolClientsRequest{UserPoolId: p.ID}
	for {
		page, err := e.API.ListUserPoolClients(ctx, in)
		if err != nil {
			return err
		}
		for _, found := range page.UserPoolClients {
			c, err := e.client(ctx, p, *found.ClientId)
			if err != nil {
				return fmt.Errorf("client %s: %w", *found.ClientId, err)
			}
			if c == nil {
				e.left(p, "the client %s, which registered itself and will do so again", *found.ClientId)
				continue
			}
			out.Clients = append(out.Clients, *c)
		}
		if in.NextToken = page.NextToken; in.NextToken == nil {
			return nil
		}
	}
}

// defaultSSOMinutes is how long sessions of the pages sign a client in that says nothing of it.
const defaultSSOMinutes = 60

// client is one client; nil for one that registered itself.
func (e *Exporter) client(ctx context.Context, p *pool.Pool, id string) (*Client, error) {
	_, c, err := e.Pools.PoolClient(ctx, p.ID, id)
	if err != nil || c.Registered() {
		return nil, err
	}
	out := &Client{ID: id, Name: value(c.Config.ClientName)}
	config := *c.Config
	config.AllowedOAuthScopes = c.Scopes // of a resource server that was deleted a new client cannot be given any
	if out.Settings, err = members(&config, "client", "UserPoolId", "ClientName", "ClientSecret", "GenerateSecret"); err != nil {
		return nil, err
	}
	if minutes := int64(c.SSOValidity.Minutes()); p.Sessions.Tracking && minutes != defaultSSOMinutes {
		out.Sessions = map[string]any{"SSOSession": map[string]any{"MaxValidityMinutes": minutes}}
	}
	if err := e.look(ctx, p, out); err != nil {
		return nil, err
	}
	switch {
	case !c.HasSecret():
	case !e.Secrets:
		out.Settings["GenerateSecret"] = true
	default:
		given, err := e.Pools.GivenSecrets(ctx, p.ID, id)
		if err != nil {
			return nil, err
		}
		for _, s := range given {
			out.Secrets = append(out.Secrets, Secret(s))
		}
	}
	return out, nil
}

func (e *Exporter) groups(ctx context.Context, p *pool.Pool, out *Pool) error {
	in := &cognitoidp.ListGroupsRequest{UserPoolId: p.ID}
	for {
		page, err := e.API.ListGroups(ctx, in)
		if err != nil {
			return err
		}
		for _, g := range page.Groups {
			out.Groups = append(out.Groups, Group{
				Name: *g.GroupName, Description: value(g.Description), Precedence: g.Precedence, RoleArn: value(g.RoleArn),
			})
		}
		if in.NextToken = page.NextToken; in.NextToken == nil {
			return nil
		}
	}
}

// members are those of a described configuration that the request of a block of settings has, but for some.
func members(config any, block string, without ...string) (map[string]any, error) {
	all, err := plain(config)
	if err != nil {
		return nil, err
	}
	out, _ := all.(map[string]any)
	for name := range out {
		if _, known := settingsOf[block].FieldByName(name); !known || slices.Contains(without, name) {
			delete(out, name)
		}
	}
	return out, nil
}

// plain is a value of the API as maps, lists and scalars, whose numbers are whole.
func plain(v any) (any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var out any
	if err := d.Decode(&out); err != nil {
		return nil, err
	}
	return whole(out), nil
}

func whole(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			v[k] = whole(x)
		}
	case []any:
		for i, x := range v {
			v[i] = whole(x)
		}
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		if f, err := v.Float64(); err == nil {
			return f
		}
	}
	return v
}
