package directory

import (
	"context"

	"cognate/internal/core/token"
	"cognate/internal/core/trigger"
)

// TokenChanges asks the owner's function what it wants of tokens of a user with these scopes; nil for nothing, where there
// is no function.
func TokenChanges(ctx context.Context, t *trigger.Triggers, s *trigger.Subject, source string, groups []token.Group, scopes []string) (*token.Changes, error) {
	if !t.ChangesTokens(s) {
		return nil, nil
	}
	c, err := t.PreTokenGeneration(ctx, source, s, groupConfiguration(groups), scopes)
	if err != nil {
		return nil, err
	}
	return &token.Changes{
		ID:     token.ClaimChanges{Add: c.ID.Add, Suppress: c.ID.Suppress},
		Access: token.ClaimChanges{Add: c.Access.Add, Suppress: c.Access.Suppress},

		AddScopes: c.AddScopes, SuppressScopes: c.SuppressScopes,
		Override: c.Override, Groups: c.Groups.Groups, Roles: c.Groups.Roles, PreferredRole: c.Groups.PreferredRole,
	}, nil
}

// groupConfiguration shows the user's groups to the function as tokens would.
func groupConfiguration(groups []token.Group) *trigger.Groups {
	names, roles, preferred := token.GroupClaims(groups)
	g := &trigger.Groups{Groups: names, Roles: roles}
	if g.Groups == nil {
		g.Groups = []string{}
	}
	if g.Roles == nil {
		g.Roles = []string{}
	}
	if preferred != "" {
		g.PreferredRole = &preferred
	}
	return g
}
