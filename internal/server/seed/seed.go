package seed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/core/account"
	"cognate/internal/core/branding"
	"cognate/internal/core/kms"
	"cognate/internal/core/pool"
)

// Seeder applies seed files to one server.
type Seeder struct {
	// API is the server's own implementation of the user pools API.
	API cognitoidp.Service
	// Pools makes pools and clients with chosen ids.
	Pools *pool.Pools
	// Accounts makes users without sending messages.
	Accounts *account.Accounts
	// Branding has the images of pages.
	Branding *branding.Room
	// Keys makes keys for the senders of codes.
	Keys *kms.Keys
}

// Apply makes or changes what the file declares. It stops at the first mistake
// and names where it is; what came before stays applied.
func (s *Seeder) Apply(ctx context.Context, f *File) error {
	for _, k := range f.Keys {
		want := kms.Wanted{Name: k.ID, Aliases: k.Aliases, Description: k.Description, Disabled: k.Disabled}
		if _, err := s.Keys.Ensure(ctx, want); err != nil {
			return fmt.Errorf("seed file: key %s: %w", k.ID, err)
		}
	}
	for i := range f.Pools {
		if err := s.pool(ctx, &f.Pools[i]); err != nil {
			return fmt.Errorf("seed file: pool %s: %w", f.Pools[i].ID, err)
		}
	}
	return nil
}

func (s *Seeder) pool(ctx context.Context, want *Pool) error {
	for _, step := range []func(context.Context, *Pool) error{s.poolSettings, s.domains, s.mfa, s.sessions} {
		if err := step(ctx, want); err != nil {
			return err
		}
	}
	if err := s.customization(ctx, want.ID, allClients, want.Customization); err != nil {
		return fmt.Errorf("customization: %w", err)
	}
	for _, r := range want.ResourceServers {
		if err := s.resourceServer(ctx, want.ID, r); err != nil {
			return fmt.Errorf("resource server %s: %w", r.Identifier, err)
		}
	}
	for i := range want.Clients {
		if err := s.client(ctx, want.ID, &want.Clients[i]); err != nil {
			return fmt.Errorf("client %s: %w", want.Clients[i].ID, err)
		}
	}
	for _, g := range want.Groups {
		if err := s.group(ctx, want.ID, g); err != nil {
			return fmt.Errorf("group %s: %w", g.Name, err)
		}
	}
	p, err := s.Pools.Pool(ctx, want.ID)
	if err != nil {
		return err
	}
	for _, u := range want.Users {
		if err := s.user(ctx, p, u); err != nil {
			return fmt.Errorf("user %s: %w", u.Username, err)
		}
	}
	return nil
}

func (s *Seeder) poolSettings(ctx context.Context, want *Pool) error {
	name := want.Name
	if name == "" {
		name = want.ID
	}
	p, err := s.Pools.Pool(ctx, want.ID)
	if errors.Is(err, pool.ErrPoolNotFound) {
		in, err := decode(cognitoidp.DecodeCreateUserPoolRequest, want.Settings, map[string]any{"PoolName": name})
		if err != nil {
			return err
		}
		_, err = s.Pools.CreatePoolWithID(ctx, want.ID, in)
		return err
	}
	if err != nil {
		return err
	}
	settings := maps.Clone(want.Settings)
	for _, fixed := range []string{"Schema", "AliasAttributes", "UsernameAttributes", "UsernameConfiguration"} {
		delete(settings, fixed) // only said when a pool is made
	}
	same, err := holds(p.Config, settings, map[string]any{"Name": name})
	if err != nil {
		return err
	}
	if same {
		return nil
	}
	in, err := decode(cognitoidp.DecodeUpdateUserPoolRequest, settings, map[string]any{"UserPoolId": want.ID, "PoolName": name})
	if err != nil {
		return err
	}
	_, err = s.API.UpdateUserPool(ctx, in)
	return err
}

// mfa comes after the settings, whose update may reset it.
func (s *Seeder) mfa(ctx context.Context, want *Pool) error {
	if len(want.MFA) == 0 {
		return nil
	}
	p, err := s.Pools.Pool(ctx, want.ID)
	if err != nil {
		return err
	}
	if same, err := holds(p.MFA, want.MFA, nil); err != nil || same {
		return err
	}
	in, err := decode(cognitoidp.DecodeSetUserPoolMfaConfigRequest, want.MFA, map[string]any{"UserPoolId": want.ID})
	if err != nil {
		return err
	}
	_, err = s.API.SetUserPoolMfaConfig(ctx, in)
	return err
}

// notInNames is what the name of a resource server may not hold.
var notInNames = regexp.MustCompile(`[^\w\s+=,.@-]+`)

func (s *Seeder) resourceServer(ctx context.Context, poolID string, want ResourceServer) error {
	name := want.Name
	if name == "" { // which has fewer characters than an identifier may have
		name = notInNames.ReplaceAllString(want.Identifier, " ")
	}
	own := map[string]any{"UserPoolId": poolID, "Identifier": want.Identifier, "Name": name}
	have, err := s.API.DescribeResourceServer(ctx, &cognitoidp.DescribeResourceServerRequest{UserPoolId: poolID, Identifier: want.Identifier})
	var missing *cognitoidp.ResourceNotFoundException
	if errors.As(err, &missing) {
		in, err := decode(cognitoidp.DecodeCreateResourceServerRequest, want.Settings, own)
		if err != nil {
			return err
		}
		_, err = s.API.CreateResourceServer(ctx, in)
		return err
	}
	if err != nil {
		return err
	}
	if same, err := holds(have.ResourceServer, want.Settings, own); err != nil || same {
		return err
	}
	in, err := decode(cognitoidp.DecodeUpdateResourceServerRequest, want.Settings, own)
	if err != nil {
		return err
	}
	_, err = s.API.UpdateResourceServer(ctx, in)
	return err
}

func (s *Seeder) client(ctx context.Context, poolID string, want *Client) error {
	if err := s.clientSettings(ctx, poolID, want); err != nil {
		return err
	}
	if err := s.clientSessions(ctx, poolID, want); err != nil {
		return err
	}
	return s.look(ctx, poolID, want)
}

func (s *Seeder) clientSettings(ctx context.Context, poolID string, want *Client) error {
	name := want.Name
	if name == "" {
		name = want.ID
	}
	own := map[string]any{"UserPoolId": poolID, "ClientName": name}
	given := want.secrets()
	_, c, err := s.Pools.PoolClient(ctx, poolID, want.ID)
	if errors.Is(err, pool.ErrClientNotFound) {
		in, err := decode(cognitoidp.DecodeCreateUserPoolClientRequest, want.Settings, own)
		if err != nil {
			return err
		}
		_, err = s.Pools.CreateClientWithID(ctx, want.ID, given, in)
		return err
	}
	if err != nil {
		return err
	}
	for _, secret := range given {
		if !c.CheckSecret(secret.Value) {
			return errors.New("the secret of an existing client is not changed by a seed file; delete the client first")
		}
	}
	settings := maps.Clone(want.Settings)
	delete(settings, "GenerateSecret") // only said when a client is made
	delete(settings, "ClientSecret")
	same, err := holds(c.Config, settings, map[string]any{"ClientName": name})
	if err != nil || same {
		return err
	}
	own["ClientId"] = want.ID
	in, err := decode(cognitoidp.DecodeUpdateUserPoolClientRequest, settings, own)
	if err != nil {
		return err
	}
	_, err = s.API.UpdateUserPoolClient(ctx, in)
	return err
}

// secrets are the declared secrets, newest first.
func (c *Client) secrets() []pool.GivenSecret {
	var out []pool.GivenSecret
	if c.Secret != "" {
		out = append(out, pool.GivenSecret{Value: c.Secret})
	}
	for _, s := range c.Secrets {
		out = append(out, pool.GivenSecret(s))
	}
	return out
}

func (s *Seeder) group(ctx context.Context, poolID string, want Group) error {
	opt := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	have, err := s.API.GetGroup(ctx, &cognitoidp.GetGroupRequest{UserPoolId: poolID, GroupName: want.Name})
	var missing *cognitoidp.ResourceNotFoundException
	if errors.As(err, &missing) {
		_, err = s.API.CreateGroup(ctx, &cognitoidp.CreateGroupRequest{
			UserPoolId: poolID, GroupName: want.Name,
			Description: opt(want.Description), Precedence: want.Precedence, RoleArn: opt(want.RoleArn),
		})
		return err
	}
	if err != nil {
		return err
	}
	g := have.Group
	if value(g.Description) == want.Description && value(g.RoleArn) == want.RoleArn && value(g.Precedence) == value(want.Precedence) {
		return nil
	}
	_, err = s.API.UpdateGroup(ctx, &cognitoidp.UpdateGroupRequest{
		UserPoolId: poolID, GroupName: want.Name,
		Description: opt(want.Description), Precedence: want.Precedence, RoleArn: opt(want.RoleArn),
	})
	return err
}

func (s *Seeder) user(ctx context.Context, p *pool.Pool, want User) error {
	declared, err := want.declared()
	if err != nil {
		return err
	}
	if _, err := s.Accounts.Provision(ctx, p, declared); err != nil || len(want.Groups) == 0 {
		return err
	}
	have, err := s.API.AdminListGroupsForUser(ctx, &cognitoidp.AdminListGroupsForUserRequest{UserPoolId: p.ID, Username: want.Username})
	if err != nil {
		return err
	}
	for _, g := range want.Groups {
		if slices.ContainsFunc(have.Groups, func(t cognitoidp.GroupType) bool { return value(t.GroupName) == g }) {
			continue
		}
		err := s.API.AdminAddUserToGroup(ctx, &cognitoidp.AdminAddUserToGroupRequest{UserPoolId: p.ID, Username: want.Username, GroupName: g})
		if err != nil {
			return err
		}
	}
	return nil
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// decode reads settings as the API would read a request: strictly, with every
// constraint.
func decode[T any](read func(*rt.Decoder) (*T, error), settings, own map[string]any) (*T, error) {
	text, err := request(settings, own)
	if err != nil {
		return nil, err
	}
	return read(rt.NewDecoder(text))
}

// holds reports whether a configuration already says all that is declared.
// Members that are not declared do not matter.
func holds(config any, settings, own map[string]any) (bool, error) {
	text, err := json.Marshal(config)
	if err != nil {
		return false, err
	}
	var have any
	if err := json.Unmarshal(text, &have); err != nil {
		return false, err
	}
	declared, err := request(settings, own)
	if err != nil {
		return false, err
	}
	var want any
	if err := json.Unmarshal(declared, &want); err != nil {
		return false, err
	}
	return covers(have, want), nil
}

// covers reports whether want is found in have: objects may hold more, lists
// may be in another order.
func covers(have, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		h, ok := have.(map[string]any)
		if !ok {
			return len(want) == 0 && have == nil
		}
		for k, v := range want {
			if !covers(h[k], v) {
				return false
			}
		}
		return true
	case []any:
		h, ok := have.([]any)
		if !ok || len(h) != len(want) {
			return len(want) == 0 && have == nil
		}
		for _, v := range want {
			if !slices.ContainsFunc(h, func(x any) bool { return covers(x, v) }) {
				return false
			}
		}
		return true
	case nil:
		return true
	case bool:
		return have == want || have == nil && !want
	}
	return have == want
}
