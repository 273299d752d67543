package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

// poolCmd manages user pools.
type poolCmd struct {
	List   poolListCmd   `cmd:"" aliases:"ls" help:"List the user pools of the Region." example:"cognate pool list --region eu-west-1"`
	Show   poolShowCmd   `cmd:"" help:"Show a user pool." example:"cognate pool show us-east-1_DemoPool1 --output json"`
	Create poolCreateCmd `cmd:"" help:"Make a user pool." example:"cognate pool create shop --username-attributes email --auto-verify email"`
	Delete poolDeleteCmd `cmd:"" aliases:"rm" help:"Delete a user pool with all its users." example:"cognate pool delete us-east-1_DemoPool1 --yes"`
}

// poolView is what is shown of a user pool.
type poolView struct {
	ID       string `json:"Id"`
	Name     string
	MFA      string   `json:"MfaConfiguration"`
	Tier     string   `json:"UserPoolTier"`
	Users    int      `json:"EstimatedNumberOfUsers"`
	Created  float64  `json:"CreationDate"`
	Modified float64  `json:"LastModifiedDate"`
	Names    []string `json:"UsernameAttributes"`
	Aliases  []string `json:"AliasAttributes"`
	Verified []string `json:"AutoVerifiedAttributes"`
	Deletion string   `json:"DeletionProtection"`
	Policies struct {
		PasswordPolicy struct {
			MinimumLength                                                      int
			RequireUppercase, RequireLowercase, RequireNumbers, RequireSymbols bool
		}
	}
	Triggers map[string]any `json:"LambdaConfig"`
}

type poolListCmd struct{ apiClient }

func (c *apiClient) userPools(ctx context.Context) ([]json.RawMessage, []poolView, error) {
	items, err := c.pages(ctx, "ListUserPools", "UserPools", "NextToken", map[string]any{"MaxResults": 60}, 0)
	if err != nil {
		return nil, nil, err
	}
	views, err := decodeAll[poolView](items)
	return items, views, err
}

// Run prints a table.
func (c *poolListCmd) Run(e *env) error {
	items, views, err := c.userPools(e.ctx)
	if err != nil {
		return err
	}
	var rows [][]string
	for _, p := range views {
		rows = append(rows, []string{p.ID, p.Name, instant(p.Created)})
	}
	return c.print(e.stdout, "ID\tNAME\tCREATED", rows, listed(items))
}

// poolRef names the user pool of a command.
type poolRef struct {
	Pool string `help:"Id or name of the user pool; not needed where the Region has one." placeholder:"ID" group:"Server"`
	apiClient
}

// pool is the id of the user pool meant: the one given by id or name, or the only
// one there is.
func (p *poolRef) pool(ctx context.Context) (string, error) {
	if strings.Contains(p.Pool, "_") {
		return p.Pool, nil
	}
	_, views, err := p.userPools(ctx)
	if err != nil {
		return "", err
	}
	var ids []string
	for _, v := range views {
		if p.Pool == "" || v.Name == p.Pool {
			ids = append(ids, v.ID)
		}
	}
	switch {
	case len(ids) == 1:
		return ids[0], nil
	case p.Pool != "":
		return "", withHint(fmt.Errorf("%d user pools are named %q", len(ids), p.Pool), `"cognate pool list" shows their ids`)
	case len(ids) == 0:
		return "", withHint(errors.New("the Region has no user pool"), `"cognate pool create NAME" makes one; --region looks elsewhere`)
	}
	return "", withHint(fmt.Errorf("there are %d user pools", len(ids)), "choose with --pool: %s", strings.Join(ids[:min(len(ids), 5)], ", "))
}

type poolShowCmd struct {
	ID string `arg:"" optional:"" name:"pool" help:"Id or name; not needed where the Region has one."`
	apiClient
}

// Run prints the pool.
func (c *poolShowCmd) Run(e *env) error {
	ref := poolRef{Pool: c.ID, apiClient: c.apiClient}
	id, err := ref.pool(e.ctx)
	if err != nil {
		return err
	}
	var answer struct{ UserPool json.RawMessage }
	if err := c.call(e.ctx, "DescribeUserPool", map[string]any{"UserPoolId": id}, &answer); err != nil {
		return err
	}
	var p poolView
	if err := json.Unmarshal(answer.UserPool, &p); err != nil {
		return err
	}
	pw := p.Policies.PasswordPolicy
	policy := fmt.Sprintf("at least %d characters", pw.MinimumLength)
	for _, rule := range []struct {
		on   bool
		text string
	}{{pw.RequireUppercase, "upper case"}, {pw.RequireLowercase, "lower case"}, {pw.RequireNumbers, "numbers"}, {pw.RequireSymbols, "symbols"}} {
		if rule.on {
			policy += ", " + rule.text
		}
	}
	rows := [][]string{
		{"id", p.ID}, {"name", p.Name}, {"tier", p.Tier}, {"users", fmt.Sprint(p.Users)}, {"MFA", p.MFA}, {"password", policy},
		{"username attributes", strings.Join(p.Names, ", ")}, {"alias attributes", strings.Join(p.Aliases, ", ")},
		{"auto-verified", strings.Join(p.Verified, ", ")}, {"deletion protection", p.Deletion},
		{"created", instant(p.Created)}, {"modified", instant(p.Modified)},
	}
	for _, name := range sortedKeys(p.Triggers) {
		rows = append(rows, []string{"trigger " + name, fmt.Sprint(p.Triggers[name])})
	}
	return c.print(e.stdout, "", filled(rows), answer.UserPool)
}

// filled leaves out what has no value.
func filled(rows [][]string) [][]string {
	out := rows[:0]
	for _, r := range rows {
		if r[1] != "" {
			out = append(out, r)
		}
	}
	return out
}

// settingsFile is a YAML or JSON file with members of a request, in AWS's names.
type settingsFile struct {
	Settings string `help:"YAML or JSON file with further members of the request, in AWS's names." type:"existingfile" placeholder:"FILE" env:"-"`
}

// request is the members of the file under those given by flags that have a value.
func (s settingsFile) request(members map[string]any) (map[string]any, error) {
	in := map[string]any{}
	if s.Settings != "" {
		text, err := os.ReadFile(s.Settings)
		if err != nil {
			return nil, err
		}
		if err := yaml.Unmarshal(text, &in); err != nil {
			return nil, fmt.Errorf("%s: %w", s.Settings, err)
		}
	}
	for name, v := range members {
		switch v := v.(type) {
		case string:
			if v == "" {
				continue
			}
		case []string:
			if len(v) == 0 {
				continue
			}
		}
		in[name] = v
	}
	return in, nil
}

type poolCreateCmd struct {
	Name         string   `arg:"" help:"Name of the pool."`
	UsernameAttr []string `name:"username-attributes" help:"What users sign in with: email, phone_number." placeholder:"NAME" env:"-"`
	AutoVerify   []string `name:"auto-verify" help:"What is verified by a code: email, phone_number." placeholder:"NAME" env:"-"`
	settingsFile
	apiClient
}

// Run makes the pool and prints its id.
func (c *poolCreateCmd) Run(e *env) error {
	in, err := c.request(map[string]any{"PoolName": c.Name, "UsernameAttributes": c.UsernameAttr, "AutoVerifiedAttributes": c.AutoVerify})
	if err != nil {
		return err
	}
	var answer struct{ UserPool json.RawMessage }
	if err := c.call(e.ctx, "CreateUserPool", in, &answer); err != nil {
		return err
	}
	var p poolView
	if err := json.Unmarshal(answer.UserPool, &p); err != nil {
		return err
	}
	return c.said(e.stdout, answer.UserPool, "%s", p.ID)
}

type poolDeleteCmd struct {
	ID  string `arg:"" name:"pool" help:"Id of the pool."`
	Yes bool   `help:"Really: its users are gone then." env:"-"`
	apiClient
}

// Run deletes the pool.
func (c *poolDeleteCmd) Run(e *env) error {
	if !c.Yes {
		return withHint(fmt.Errorf("this deletes %s with all its users", c.ID), "say --yes")
	}
	if err := c.call(e.ctx, "DeleteUserPool", map[string]any{"UserPoolId": c.ID}, nil); err != nil {
		return err
	}
	return c.said(e.stdout, map[string]string{"UserPoolId": c.ID}, "%s is deleted", c.ID)
}
