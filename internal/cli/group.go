package cli

import (
	"encoding/json"
	"fmt"
)

// groupCmd manages groups.
type groupCmd struct {
	List   groupListCmd   `cmd:"" aliases:"ls" help:"List the groups of a user pool." example:"cognate group list"`
	Show   groupShowCmd   `cmd:"" help:"Show a group." example:"cognate group show admins"`
	Create groupCreateCmd `cmd:"" help:"Make a group." example:"cognate group create admins --precedence 1"`
	Delete groupDeleteCmd `cmd:"" aliases:"rm" help:"Delete a group; its users stay." example:"cognate group delete admins"`
	Users  groupUsersCmd  `cmd:"" help:"List the users in a group." example:"cognate group users admins"`
}

// groupView is what is shown of a group.
type groupView struct {
	Name        string `json:"GroupName"`
	Description string
	RoleARN     string `json:"RoleArn"`
	Precedence  *int
	Created     float64 `json:"CreationDate"`
}

func (g groupView) precedence() string {
	if g.Precedence == nil {
		return ""
	}
	return fmt.Sprint(*g.Precedence)
}

type groupListCmd struct{ poolRef }

// Run prints a table.
func (c *groupListCmd) Run(e *env) error {
	pool, err := c.pool(e.ctx)
	if err != nil {
		return err
	}
	items, err := c.pages(e.ctx, "ListGroups", "Groups", "NextToken", map[string]any{"UserPoolId": pool}, 0)
	if err != nil {
		return err
	}
	views, err := decodeAll[groupView](items)
	if err != nil {
		return err
	}
	var rows [][]string
	for _, g := range views {
		rows = append(rows, []string{g.Name, g.precedence(), g.Description, g.RoleARN})
	}
	return c.print(e.stdout, "NAME\tPRECEDENCE\tDESCRIPTION\tROLE", rows, listed(items))
}

// groupRef names the group of a command.
type groupRef struct {
	Group string `arg:"" help:"Name of the group."`
}

type groupShowCmd struct {
	groupRef
	poolRef
}

// Run prints the group.
func (c *groupShowCmd) Run(e *env) error {
	pool, err := c.pool(e.ctx)
	if err != nil {
		return err
	}
	var answer struct{ Group json.RawMessage }
	if err := c.call(e.ctx, "GetGroup", map[string]any{"UserPoolId": pool, "GroupName": c.Group}, &answer); err != nil {
		return err
	}
	var g groupView
	if err := json.Unmarshal(answer.Group, &g); err != nil {
		return err
	}
	return c.print(e.stdout, "", filled([][]string{
		{"name", g.Name}, {"precedence", g.precedence()}, {"description", g.Description}, {"role", g.RoleARN}, {"created", instant(g.Created)},
	}), answer.Group)
}

type groupCreateCmd struct {
	groupRef
	Description string `help:"What it is for." env:"-"`
	Precedence  *int   `help:"Rank of its role; the least wins." env:"-"`
	RoleARN     string `name:"role-arn" help:"Role of its users." placeholder:"ARN" env:"-"`
	poolRef
}

// Run makes the group.
func (c *groupCreateCmd) Run(e *env) error {
	pool, err := c.pool(e.ctx)
	if err != nil {
		return err
	}
	in := map[string]any{"UserPoolId": pool, "GroupName": c.Group}
	if c.Description != "" {
		in["Description"] = c.Description
	}
	if c.Precedence != nil {
		in["Precedence"] = *c.Precedence
	}
	if c.RoleARN != "" {
		in["RoleArn"] = c.RoleARN
	}
	var answer struct{ Group json.RawMessage }
	if err := c.call(e.ctx, "CreateGroup", in, &answer); err != nil {
		return err
	}
	return c.said(e.stdout, answer.Group, "%s", c.Group)
}

type groupDeleteCmd struct {
	groupRef
	poolRef
}

// Run deletes the group.
func (c *groupDeleteCmd) Run(e *env) error {
	pool, err := c.pool(e.ctx)
	if err != nil {
		return err
	}
	if err := c.call(e.ctx, "DeleteGroup", map[string]any{"UserPoolId": pool, "GroupName": c.Group}, nil); err != nil {
		return err
	}
	return c.said(e.stdout, map[string]string{"GroupName": c.Group}, "%s is deleted", c.Group)
}

type groupUsersCmd struct {
	groupRef
	Limit int `help:"At most so many; 0 is all." default:"0" env:"-"`
	poolRef
}

// Run prints the members.
func (c *groupUsersCmd) Run(e *env) error {
	pool, err := c.pool(e.ctx)
	if err != nil {
		return err
	}
	items, err := c.pages(e.ctx, "ListUsersInGroup", "Users", "NextToken", map[string]any{"UserPoolId": pool, "GroupName": c.Group}, c.Limit)
	if err != nil {
		return err
	}
	return c.printUsers(e, items)
}
