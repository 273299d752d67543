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
	Keys  []Key  `yaml:"keys"`
	Pools []Pool `yaml:"pools"`
	// Functions say how trigger functions are reached. The server applies them,
	// not the Seeder.
	Functions []lambda.Function `yaml:"functions"`
}

// Key declares a key of the server's own KMS. The id is a key id, alias/<name>
// or the ARN of either.
type Key struct {
	ID          string   `yaml:"id"`
	Aliases     []string `yaml:"aliases"` // further names: alias/<name>
	Description string   `yaml:"description"`
	Disabled    bool     `yaml:"disabled"`
}

// Pool declares a user pool and what is in it.
type Pool struct {
	ID       string         `yaml:"id"`
	Name     string         `yaml:"name"`
	Settings map[string]any `yaml:"settings" aws:"pool"`
	MFA      map[string]any `yaml:"mfa" aws:"mfa"` // members of SetUserPoolMfaConfig
	// ResourceServers come before the clients, which may be given their scopes.
	ResourceServers []ResourceServer `yaml:"resourceServers"`
	Clients         []Client         `yaml:"clients"`
	Groups          []Group          `yaml:"groups"`
	Users           []User           `yaml:"users"`
}

// ResourceServer declares an API and its scopes.
type ResourceServer struct {
	Identifier string         `yaml:"identifier"`
	Name       string         `yaml:"name"`
	Settings   map[string]any `yaml:"settings" aws:"resourceServer"`
}

// Client declares an app client. A secret makes it confidential.
type Client struct {
	ID       string         `yaml:"id"`
	Name     string         `yaml:"name"`
	Secret   string         `yaml:"secret"`
	Settings map[string]any `yaml:"settings" aws:"client"`
}

// Group declares a group.
type Group struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
	Precedence  *int64 `yaml:"precedence"`
	RoleArn     string `yaml:"roleArn"`
}

// User declares a user. The password is permanent unless Temporary; it is set
// when the user is made and again only when the file's password stops working.
type User struct {
	Username   string            `yaml:"username"`
	Sub        string            `yaml:"sub"`
	Password   string            `yaml:"password"`
	Temporary  bool              `yaml:"temporary"`
	Disabled   bool              `yaml:"disabled"`
	Attributes map[string]string `yaml:"attributes"`
	Groups     []string          `yaml:"groups"`
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
	for i, k := range f.Keys {
		if k.ID == "" {
			errs = append(errs, fmt.Errorf("seed file: keys[%d]: id is required", i))
		}
	}
	for i, p := range f.Pools {
		if p.ID == "" {
			errs = append(errs, fmt.Errorf("seed file: pools[%d]: id is required", i))
		}
		for j, r := range p.ResourceServers {
			if r.Identifier == "" {
				errs = append(errs, fmt.Errorf("seed file: pool %s: resourceServers[%d]: identifier is required", p.ID, j))
			}
		}
		for j, c := range p.Clients {
			if c.ID == "" {
				errs = append(errs, fmt.Errorf("seed file: pool %s: clients[%d]: id is required", p.ID, j))
			}
		}
		for j, u := range p.Users {
			if u.Username == "" {
				errs = append(errs, fmt.Errorf("seed file: pool %s: users[%d]: username is required", p.ID, j))
			}
		}
		for j, g := range p.Groups {
			if g.Name == "" {
				errs = append(errs, fmt.Errorf("seed file: pool %s: groups[%d]: name is required", p.ID, j))
			}
		}
	}
	return errors.Join(errs...)
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
