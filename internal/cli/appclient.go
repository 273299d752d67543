package cli

import (
	"encoding/json"
	"strings"
)

// clientCmd manages app clients.
type clientCmd struct {
	List   clientListCmd   `cmd:"" aliases:"ls" help:"List the app clients of a user pool." example:"cognate client list --pool us-east-1_DemoPool1"`
	Show   clientShowCmd   `cmd:"" help:"Show an app client, with its secret." example:"cognate client show democlientforlocaltesting1"`
	Create clientCreateCmd `cmd:"" help:"Make an app client." example:"cognate client create web --flows ALLOW_USER_SRP_AUTH,ALLOW_REFRESH_TOKEN_AUTH"`
	Delete clientDeleteCmd `cmd:"" aliases:"rm" help:"Delete an app client." example:"cognate client delete democlientforlocaltesting1"`
}

// clientView is what is shown of an app client.
type clientView struct {
	ID        string   `json:"ClientId"`
	Name      string   `json:"ClientName"`
	Secret    string   `json:"ClientSecret"`
	Pool      string   `json:"UserPoolId"`
	Flows     []string `json:"ExplicitAuthFlows"`
	Callbacks []string `json:"CallbackURLs"`
	Scopes    []string `json:"AllowedOAuthScopes"`
	Created   float64  `json:"CreationDate"`
}

type clientListCmd struct{ poolRef }

// Run prints a table.
func (c *clientListCmd) Run(e *env) error {
	pool, err := c.pool(e.ctx)
	if err != nil {
		return err
	}
	items, err := c.pages(e.ctx, "ListUserPoolClients", "UserPoolClients", "NextToken", map[string]any{"UserPoolId": pool, "MaxResults": 60}, 0)
	if err != nil {
		return err
	}
	views, err := decodeAll[clientView](items)
	if err != nil {
		return err
	}
	var rows [][]string
	for _, v := range views {
		rows = append(rows, []string{v.ID, v.Name, v.Pool})
	}
	return c.print(e.stdout, "ID\tNAME\tPOOL", rows, listed(items))
}

type clientShowCmd struct {
	ID string `arg:"" name:"client" help:"Id of the app client."`
	poolRef
}

// Run prints the client.
func (c *clientShowCmd) Run(e *env) error {
	pool, err := c.pool(e.ctx)
	if err != nil {
		return err
	}
	var answer struct{ UserPoolClient json.RawMessage }
	if err := c.call(e.ctx, "DescribeUserPoolClient", map[string]any{"UserPoolId": pool, "ClientId": c.ID}, &answer); err != nil {
		return err
	}
	var v clientView
	if err := json.Unmarshal(answer.UserPoolClient, &v); err != nil {
		return err
	}
	rows := [][]string{
		{"id", v.ID}, {"name", v.Name}, {"pool", v.Pool}, {"secret", v.Secret}, {"flows", strings.Join(v.Flows, " ")},
		{"callback URLs", strings.Join(v.Callbacks, " ")}, {"scopes", strings.Join(v.Scopes, " ")}, {"created", instant(v.Created)},
	}
	return c.print(e.stdout, "", filled(rows), answer.UserPoolClient)
}

type clientCreateCmd struct {
	Name      string   `arg:"" help:"Name of the app client."`
	Secret    bool     `help:"With a secret, for servers." env:"-"`
	Flows     []string `help:"ExplicitAuthFlows: what sign-in is allowed." placeholder:"FLOW" env:"-"`
	Callbacks []string `name:"callback-urls" help:"Where managed login may return to." placeholder:"URL" env:"-"`
	settingsFile
	poolRef
}

// Run makes the client and prints its id, and its secret if there is one.
func (c *clientCreateCmd) Run(e *env) error {
	pool, err := c.pool(e.ctx)
	if err != nil {
		return err
	}
	members := map[string]any{"UserPoolId": pool, "ClientName": c.Name, "ExplicitAuthFlows": c.Flows, "CallbackURLs": c.Callbacks}
	if c.Secret {
		members["GenerateSecret"] = true
	}
	in, err := c.request(members)
	if err != nil {
		return err
	}
	var answer struct{ UserPoolClient json.RawMessage }
	if err := c.call(e.ctx, "CreateUserPoolClient", in, &answer); err != nil {
		return err
	}
	var v clientView
	if err := json.Unmarshal(answer.UserPoolClient, &v); err != nil {
		return err
	}
	return c.said(e.stdout, answer.UserPoolClient, "%s", strings.TrimSpace(v.ID+" "+v.Secret))
}

type clientDeleteCmd struct {
	ID string `arg:"" name:"client" help:"Id of the app client."`
	poolRef
}

// Run deletes the client.
func (c *clientDeleteCmd) Run(e *env) error {
	pool, err := c.pool(e.ctx)
	if err != nil {
		return err
	}
	if err := c.call(e.ctx, "DeleteUserPoolClient", map[string]any{"UserPoolId": pool, "ClientId": c.ID}, nil); err != nil {
		return err
	}
	return c.said(e.stdout, map[string]string{"ClientId": c.ID}, "%s is deleted", c.ID)
}
