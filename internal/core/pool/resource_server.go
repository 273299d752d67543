package pool

import (
	"context"
	"slices"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/pagetoken"
)

const (
	// maxServers is how many resource servers a pool may have: the highest that AWS raises its quota of 25 to.
	maxServers = 300
	// maxServerPage is the largest page of ListResourceServers, and the one that a caller gets without asking.
	maxServerPage = 50
	// reservedServers begins the identifiers of servers that Cognito manages.
	reservedServers = "aws.cognito"
)

// splitScope parts a custom scope at its last slash: names of scopes hold none, identifiers of servers may.
func splitScope(scope string) (server, name string, ok bool) {
	i := strings.LastIndexByte(scope, '/')
	if i < 1 || i == len(scope)-1 {
		return "", "", false
	}
	return scope[:i], scope[i+1:], true
}

// isStandardScope reports whether a scope exists without a resource server.
func isStandardScope(scope string) bool {
	return scope == RegisterScope || slices.Contains(userScopes, scope)
}

// IsCustomScope reports whether a scope is one of a resource server.
func IsCustomScope(scope string) bool { return !isStandardScope(scope) }

// ResourceServer returns a resource server of a pool, or the refusal of AWS operations.
func (p *Pools) ResourceServer(ctx context.Context, poolID, identifier string) (server *cognitoidp.ResourceServerType, err error) {
	found := false
	err = p.d.DB.Read(ctx, func(tx *db.Tx) (err error) {
		server, found, err = readServer(tx, poolID, identifier)
		return err
	})
	if err == nil && !found {
		err = noServer(identifier)
	}
	return server, err
}

// serverScopes tells which of the custom scopes in a list exist: one read by key for each server that they name.
func serverScopes(tx *db.Tx, poolID string, scopes []string) (Set, error) {
	known := Set{}
	read := Set{}
	for _, scope := range scopes {
		server, _, ok := splitScope(scope)
		if isStandardScope(scope) || !ok || read.Has(server) {
			continue
		}
		read[server] = true
		config, found, err := readServer(tx, poolID, server)
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		for _, s := range config.Scopes {
			known[server+"/"+s.ScopeName] = true
		}
	}
	return known, nil
}

// grantable are the scopes of a list that tokens can carry now: the standard ones and the custom ones that exist.
func grantable(tx *db.Tx, poolID string, scopes []string) ([]string, error) {
	known, err := serverScopes(tx, poolID, scopes)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, scope := range scopes {
		if isStandardScope(scope) || known.Has(scope) {
			out = append(out, scope)
		}
	}
	return out, nil
}

// serverSettings checks what the model's constraints do not tell.
func serverSettings(poolID, identifier, name string, scopes []cognitoidp.ResourceServerScopeType) (*cognitoidp.ResourceServerType, error) {
	seen := Set{}
	for _, s := range scopes {
		if seen.Has(s.ScopeName) {
			return nil, cognitoidp.NewInvalidParameter("Scopes has more than one scope with the ScopeName %s.", s.ScopeName)
		}
		seen[s.ScopeName] = true
	}
	return &cognitoidp.ResourceServerType{UserPoolId: &poolID, Identifier: &identifier, Name: &name, Scopes: scopes}, nil
}

// reserved reports whether an identifier belongs to a server that Cognito manages.
func reserved(identifier string) bool {
	return len(identifier) >= len(reservedServers) && strings.EqualFold(identifier[:len(reservedServers)], reservedServers)
}

func noServer(identifier string) error {
	return cognitoidp.NewResourceNotFound("Resource server %s does not exist.", identifier)
}

// changeServer runs change in a transaction that changes a server of a pool. Clients that list a scope of the server
// get a new version, so that every node learns which of their scopes still grant something.
func (p *Pools) changeServer(ctx context.Context, poolID, identifier string, change func(tx *db.Tx) error) error {
	note(ctx, poolID, "")
	return p.d.DB.Update(ctx, func(tx *db.Tx) error {
		version, err := nextVersion(tx)
		if err != nil {
			return err
		}
		if _, err := poolVersion(tx, poolID); err != nil {
			return PoolRefusal(err, poolID)
		}
		if err := change(tx); err != nil {
			return err
		}
		touched, err := touchClientsOf(tx, poolID, identifier, version)
		if err != nil {
			return err
		}
		p.changed(tx, version, "", touched...)
		return nil
	})
}

// touchClientsOf gives a new version to the clients that list a scope of a server and returns their ids.
func touchClientsOf(tx *db.Tx, poolID, identifier string, version int64) (ids []string, err error) {
	for after := ""; ; {
		rows, err := listClients(tx, poolID, after, 500)
		if err != nil || len(rows) == 0 {
			return ids, err
		}
		for _, row := range rows {
			var c cognitoidp.UserPoolClientType
			if err := c.UnmarshalJSON([]byte(row.config)); err != nil {
				return nil, err
			}
			lists := func(scope string) bool { server, _, ok := splitScope(scope); return ok && server == identifier }
			if !slices.ContainsFunc(c.AllowedOAuthScopes, lists) {
				continue
			}
			if err := touchClient(tx, row.id, version); err != nil {
				return nil, err
			}
			ids = append(ids, row.id)
		}
		after = rows[len(rows)-1].id
	}
}

// CreateResourceServer implements the AWS operation.
func (o Ops) CreateResourceServer(ctx context.Context, in *cognitoidp.CreateResourceServerRequest) (*cognitoidp.CreateResourceServerResponse, error) {
	config, err := serverSettings(in.UserPoolId, in.Identifier, in.Name, in.Scopes)
	if err != nil {
		return nil, err
	}
	if reserved(in.Identifier) {
		return nil, cognitoidp.NewInvalidParameter("The identifier %s is reserved: it must not start with %s.", in.Identifier, reservedServers)
	}
	err = o.changeServer(ctx, in.UserPoolId, in.Identifier, func(tx *db.Tx) error {
		n, err := countServers(tx, in.UserPoolId)
		if err != nil {
			return err
		}
		made, err := insertServer(tx, in.UserPoolId, in.Identifier, config)
		switch {
		case err != nil:
			return err
		case !made:
			return cognitoidp.NewInvalidParameter("%s already exists in user pool %s.", in.Identifier, in.UserPoolId)
		case n >= maxServers:
			return cognitoidp.NewLimitExceeded("The maximum number of resource servers of user pool %s is reached.", in.UserPoolId)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.CreateResourceServerResponse{ResourceServer: config}, nil
}

// DescribeResourceServer implements the AWS operation.
func (o Ops) DescribeResourceServer(ctx context.Context, in *cognitoidp.DescribeResourceServerRequest) (*cognitoidp.DescribeResourceServerResponse, error) {
	note(ctx, in.UserPoolId, "")
	var config *cognitoidp.ResourceServerType
	found := false
	err := o.d.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if _, err := poolVersion(tx, in.UserPoolId); err != nil {
			return PoolRefusal(err, in.UserPoolId)
		}
		config, found, err = readServer(tx, in.UserPoolId, in.Identifier)
		return err
	})
	if err == nil && !found {
		err = noServer(in.Identifier)
	}
	if err != nil {
		return nil, err
	}
	return &cognitoidp.DescribeResourceServerResponse{ResourceServer: config}, nil
}

// UpdateResourceServer implements the AWS operation. It replaces the whole server: omitted scopes are removed.
func (o Ops) UpdateResourceServer(ctx context.Context, in *cognitoidp.UpdateResourceServerRequest) (*cognitoidp.UpdateResourceServerResponse, error) {
	config, err := serverSettings(in.UserPoolId, in.Identifier, in.Name, in.Scopes)
	if err != nil {
		return nil, err
	}
	err = o.changeServer(ctx, in.UserPoolId, in.Identifier, func(tx *db.Tx) error {
		found, err := replaceServer(tx, in.UserPoolId, in.Identifier, config)
		if err == nil && !found {
			err = noServer(in.Identifier)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.UpdateResourceServerResponse{ResourceServer: config}, nil
}

// DeleteResourceServer implements the AWS operation. Clients keep the scopes in their list, but these grant nothing
// any more, and the next update of such a client has to leave them out.
func (o Ops) DeleteResourceServer(ctx context.Context, in *cognitoidp.DeleteResourceServerRequest) error {
	return o.changeServer(ctx, in.UserPoolId, in.Identifier, func(tx *db.Tx) error {
		found, err := removeServer(tx, in.UserPoolId, in.Identifier)
		if err == nil && !found {
			err = noServer(in.Identifier)
		}
		return err
	})
}

// ListResourceServers implements the AWS operation. Servers come in the order of their identifiers.
func (o Ops) ListResourceServers(ctx context.Context, in *cognitoidp.ListResourceServersRequest) (*cognitoidp.ListResourceServersResponse, error) {
	note(ctx, in.UserPoolId, "")
	limit := int(num(or(in.MaxResults, maxServerPage)))
	if limit < 1 || limit > maxServerPage {
		return nil, badPage(maxServerPage, limit)
	}
	if _, err := o.PoolOrRefuse(ctx, in.UserPoolId); err != nil {
		return nil, err
	}
	binding := pagetoken.Binding("ListResourceServers", in.UserPoolId)
	page, err := o.page(ctx, in.UserPoolId, binding, in.NextToken, limit)
	if err != nil {
		return nil, err
	}
	out := &cognitoidp.ListResourceServersResponse{ResourceServers: []cognitoidp.ResourceServerType{}}
	err = o.d.DB.Read(ctx, func(tx *db.Tx) (err error) {
		out.ResourceServers, err = listServers(tx, in.UserPoolId, page.After, limit+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	servers, last := pagetoken.Cut(page, out.ResourceServers, func(s cognitoidp.ResourceServerType) string { return *s.Identifier })
	out.ResourceServers = servers
	out.NextToken, err = page.Next(ctx, last)
	return out, err
}
