package seed

import (
	"encoding/json"
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"

	"cognate/internal/base/lambda"
)

// File is the document. Settings are the members of the AWS request of the same
// noun (CreateUserPool, CreateUserPoolClient) under their AWS names.
type File struct {
	Keys  []Key  `yaml:"keys,omitempty"`
	Pools []Pool `yaml:"pools,omitempty"`
	// Functions say how trigger functions are reached. The server applies them,
	// not the Seeder.
	Functions []lambda.Function `yaml:"functions,omitempty"`
}

// Key declares a key of the server's own KMS. The id is a key id, alias/<name>
// or the ARN of either.
type Key struct {
	ID          string   `yaml:"id"`
	Aliases     []string `yaml:"aliases,omitempty"` // further names: alias/<name>
	Description string   `yaml:"description,omitempty"`
	Disabled    bool     `yaml:"disabled,omitempty"`
}

// Pool declares a user pool and what is in it.
type Pool struct {
	ID       string         `yaml:"id"`
	Name     string         `yaml:"name"`
	Settings map[string]any `yaml:"settings,omitempty" aws:"pool"`
	// Domains come before MFA, whose passkeys may be for one of them.
	Domains  []Domain       `yaml:"domains,omitempty"`
	MFA      map[string]any `yaml:"mfa,omitempty" aws:"mfa"`           // members of SetUserPoolMfaConfig
	Sessions map[string]any `yaml:"sessions,omitempty" aws:"sessions"` // members of SetUserPoolSessionConfiguration
	// Customization is how the classic pages of all clients look: members of SetUICustomization.
	Customization map[string]any `yaml:"customization,omitempty" aws:"customization"`
	// ResourceServers come before the clients, which may be given their scopes.
	ResourceServers []ResourceServer `yaml:"resourceServers,omitempty"`
	Clients         []Client         `yaml:"clients,omitempty"`
	Groups          []Group          `yaml:"groups,omitempty"`
	Users           []User           `yaml:"users,omitempty"`
}

// Domain declares a prefix or, with a CustomDomainConfig, a custom domain of a pool.
type Domain struct {
	Domain   string         `yaml:"domain"`
	Settings map[string]any `yaml:"settings,omitempty" aws:"domain"`
}

// ResourceServer declares an API and its scopes.
type ResourceServer struct {
	Identifier string         `yaml:"identifier"`
	Name       string         `yaml:"name"`
	Settings   map[string]any `yaml:"settings,omitempty" aws:"resourceServer"`
}

// Client declares an app client. A secret makes it confidential.
type Client struct {
	ID       string         `yaml:"id"`
	Name     string         `yaml:"name"`
	Secret   string         `yaml:"secret,omitempty"`
	Secrets  []Secret       `yaml:"secrets,omitempty"` // up to two in place of Secret, newest first
	Settings map[string]any `yaml:"settings,omitempty" aws:"client"`
	Sessions map[string]any `yaml:"sessions,omitempty" aws:"clientSessions"` // members of SetUserPoolClientSessionConfiguration
	// Branding is the style of managed login, Customization that of the classic pages: members of CreateManagedLoginBranding
	// and of SetUICustomization. Terms are the links of terms-of-use and privacy-policy by language.
	Branding      map[string]any               `yaml:"branding,omitempty" aws:"branding"`
	Customization map[string]any               `yaml:"customization,omitempty" aws:"customization"`
	Terms         map[string]map[string]string `yaml:"terms,omitempty"`
}

// Secret is a client secret. One that its owner chose is not shown by the API.
type Secret struct {
	Value  string `yaml:"value"`
	Chosen bool   `yaml:"chosen,omitempty"`
}

// Group declares a group.
type Group struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description,omitempty"`
	Precedence  *int64 `yaml:"precedence,omitempty"`
	RoleArn     string `yaml:"roleArn,omitempty"`
}

// Parse reads the seed file of a name. Unknown members and values of another kind are errors that tell file and line.
func Parse(name string, text []byte) (*File, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("seed file %s: %w", name, err)
	}
	if err := check(name, &doc); err != nil {
		return nil, fmt.Errorf("seed file: %w", err)
	}
	f := &File{}
	if err := doc.Decode(f); err != nil {
		return nil, fmt.Errorf("seed file %s: %w", name, err)
	}
	return f, f.validate()
}

func (f *File) validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("seed file: "+format, args...)) }
	for i, k := range f.Keys {
		if k.ID == "" {
			bad("keys[%d]: id is required", i)
		}
	}
	for i, p := range f.Pools {
		if p.ID == "" {
			bad("pools[%d]: id is required", i)
		}
		p.validate(func(format string, args ...any) { bad("pool %s: "+format, append([]any{p.ID}, args...)...) })
	}
	return errors.Join(errs...)
}

func (p *Pool) validate(bad func(format string, args ...any)) {
	for j, d := range p.Domains {
		if d.Domain == "" {
			bad("domains[%d]: domain is required", j)
		}
	}
	for j, r := range p.ResourceServers {
		if r.Identifier == "" {
			bad("resourceServers[%d]: identifier is required", j)
		}
	}
	for j, c := range p.Clients {
		if c.ID == "" {
			bad("clients[%d]: id is required", j)
		}
		if c.Secret != "" && len(c.Secrets) > 0 {
			bad("clients[%d]: secret and secrets exclude each other", j)
		}
	}
	for j, u := range p.Users {
		if u.Username == "" {
			bad("users[%d]: username is required", j)
		}
		if u.Password != "" && u.Verifier != nil {
			bad("users[%d]: password and verifier exclude each other", j)
		}
	}
	for j, g := range p.Groups {
		if g.Name == "" {
			bad("groups[%d]: name is required", j)
		}
	}
}

// request lays the settings of the file over the members that the seed sets
// itself and returns them as the JSON of an AWS request.
func request(settings map[string]any, own map[string]any) ([]byte, error) {
	all := make(map[string]any, len(settings)+len(own))
	for k, v := range settings {
		all[k] = v
	}
	for k, v := range own {
		all[k] = v
	}
	return json.Marshal(all)
}
