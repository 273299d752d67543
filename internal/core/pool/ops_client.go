package pool

import (
	"context"
	"slices"
	"strconv"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
)

// CreateUserPoolClient implements the AWS operation.
func (o Ops) CreateUserPoolClient(ctx context.Context, in *cognitoidp.CreateUserPoolClientRequest) (*cognitoidp.CreateUserPoolClientResponse, error) {
	config, err := o.createClient(ctx, newcomer{id: o.d.IDs.ClientID()}, in)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.CreateUserPoolClientResponse{UserPoolClient: config}, nil
}

// GivenSecret is a client secret from a seed file. It is shown like a generated one unless its owner chose it.
type GivenSecret struct {
	Value  string
	Chosen bool
}

// CreateClientWithID creates a client with a chosen id and with given secrets, newest first, for seed files and imports.
// The error is an AWS exception of CreateUserPoolClient, ErrExists, or one of the database or the keyring.
func (p *Pools) CreateClientWithID(ctx context.Context, id string, given []GivenSecret, in *cognitoidp.CreateUserPoolClientRequest) (*cognitoidp.UserPoolClientType, error) {
	if !clientIDs.MatchString(id) {
		return nil, cognitoidp.NewInvalidParameter("The client id %s is not valid.", id)
	}
	return p.createClient(ctx, newcomer{id: id, given: given}, in)
}

// newcomer is what a client that is made has besides its settings.
type newcomer struct {
	id    string
	given []GivenSecret // from a seed file; the request may ask for another kind
	// registered is for a client that registers itself, which admit lets in.
	registered bool
	admit      func(tx *db.Tx, p *Pool) error
}

// createClient makes a client. The secrets are sealed before the transaction, because loading a data key may need the
// database.
func (p *Pools) createClient(ctx context.Context, n newcomer, in *cognitoidp.CreateUserPoolClientRequest) (*cognitoidp.UserPoolClientType, error) {
	id := n.id
	if _, err := p.fresh(ctx, in.UserPoolId); err != nil {
		return nil, err
	}
	note(ctx, in.UserPoolId, id)
	secrets, err := p.firstSecrets(id, n.given, in)
	if err != nil {
		return nil, err
	}
	row := clientRow{id: id, poolID: in.UserPoolId, ssoMinutes: defaultSSOMinutes, registered: n.registered}
	if row.secrets, err = p.sealSecrets(ctx, row.poolID, id, secrets); err != nil {
		return nil, err
	}
	var config *cognitoidp.UserPoolClientType
	err = p.d.DB.Update(ctx, func(tx *db.Tx) error {
		version, err := nextVersion(tx)
		if err != nil {
			return err
		}
		pool, err := p.txPool(tx, row.poolID)
		if err != nil {
			return err
		}
		custom, err := serverScopes(tx, row.poolID, in.AllowedOAuthScopes)
		if err != nil {
			return err
		}
		if n.admit != nil {
			if err := n.admit(tx, pool); err != nil {
				return err
			}
		}
		kind := cognitoidp.ClientTypeTypeRegular
		if n.registered {
			kind = cognitoidp.ClientTypeTypeDcr
		}
		was := &cognitoidp.UserPoolClientType{ClientType: &kind}
		if config, err = p.rules().clientSettings(pool, id, was, in, len(secrets) > 0, custom); err != nil {
			return err
		}
		row := row
		row.config, row.version = encodeClient(config), version
		p.changed(tx, row.version, "", id)
		return insertClient(tx, row)
	})
	if err != nil {
		return nil, err
	}
	show(config, secrets)
	return config, nil
}

// txPool reads a pool in a transaction or answers that it does not exist.
func (p *Pools) txPool(tx *db.Tx, poolID string) (*Pool, error) {
	row, err := readPool(tx, poolID)
	if err != nil {
		return nil, PoolRefusal(err, poolID)
	}
	return p.snapshot(row)
}

// firstSecrets are the given secrets or the one that a request asks for; none for a public client.
func (p *Pools) firstSecrets(id string, given []GivenSecret, in *cognitoidp.CreateUserPoolClientRequest) (list []secret, err error) {
	if len(given) == 0 {
		return p.newSecret(id, in)
	}
	if in.ClientSecret != nil {
		return nil, cognitoidp.NewInvalidParameter("ClientSecret can not be set beside secrets of a seed file.")
	}
	for _, g := range slices.Backward(given) {
		made, err := p.newSecret(id, &cognitoidp.CreateUserPoolClientRequest{ClientSecret: &g.Value})
		if err != nil {
			return nil, err
		}
		made[0].Chosen = g.Chosen
		if list, _, err = addSecret(id, made[0], list); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// newSecret makes the secret that a request asks for; none for a public client.
func (p *Pools) newSecret(id string, in *cognitoidp.CreateUserPoolClientRequest) ([]secret, error) {
	now := p.d.Clock.Now()
	s := secret{ID: id + "--" + strconv.FormatInt(now.Unix(), 10), Created: now.UnixMilli()}
	switch {
	case in.ClientSecret != nil && on(in.GenerateSecret):
		return nil, cognitoidp.NewInvalidParameter("GenerateSecret can not be true when ClientSecret is specified.")
	case in.ClientSecret != nil:
		s.Value, s.Chosen = *in.ClientSecret, true
	case on(in.GenerateSecret):
		s.Value = p.d.IDs.ClientSecret()
	default:
		return nil, nil
	}
	if n := len(s.Value); n < 24 || n > 64 || !clientIDs.MatchString(s.Value) {
		return nil, cognitoidp.NewInvalidParameter("1 validation error detected: Value at 'clientSecret' failed to satisfy constraint: Member must have 24 to 64 letters, digits, underscores or plus signs")
	}
	return []secret{s}, nil
}

// show puts the newest secret that may be shown into the answer.
func show(config *cognitoidp.UserPoolClientType, secrets []secret) {
	for _, s := range secrets {
		if !s.Chosen {
			config.ClientSecret = &s.Value
			return
		}
	}
}

// encodeClient writes settings as they are stored, without the secret.
func encodeClient(config *cognitoidp.UserPoolClientType) string {
	c := *config
	c.ClientSecret = nil
	return string(c.AppendJSON(nil))
}

// DescribeUserPoolClient implements the AWS operation.
func (o Ops) DescribeUserPoolClient(ctx context.Context, in *cognitoidp.DescribeUserPoolClientRequest) (*cognitoidp.DescribeUserPoolClientResponse, error) {
	note(ctx, in.UserPoolId, in.ClientId)
	var row clientRow
	err := o.d.DB.Read(ctx, func(tx *db.Tx) (err error) {
		row, err = o.storedClient(tx, in.UserPoolId, in.ClientId)
		return err
	})
	if err != nil {
		return nil, err
	}
	c, err := o.openClient(ctx, row)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.DescribeUserPoolClientResponse{UserPoolClient: c.Config}, nil
}

// storedClient reads a client of a pool or answers that the pool or the client does not exist.
func (p *Pools) storedClient(tx *db.Tx, poolID, clientID string) (clientRow, error) {
	if _, err := poolVersion(tx, poolID); err != nil {
		return clientRow{}, PoolRefusal(err, poolID)
	}
	row, err := readClient(tx, clientID)
	if err == nil && row.poolID != poolID {
		err = ErrClientNotFound
	}
	return row, ClientRefusal(err, clientID)
}

// UpdateUserPoolClient implements the AWS operation.
func (o Ops) UpdateUserPoolClient(ctx context.Context, in *cognitoidp.UpdateUserPoolClientRequest) (*cognitoidp.UpdateUserPoolClientResponse, error) {
	note(ctx, in.UserPoolId, in.ClientId)
	var row clientRow
	err := o.d.DB.Update(ctx, func(tx *db.Tx) error {
		version, err := nextVersion(tx)
		if err != nil {
			return err
		}
		stored, err := o.storedClient(tx, in.UserPoolId, in.ClientId)
		if err != nil {
			return err
		}
		pool, err := o.txPool(tx, in.UserPoolId)
		if err != nil {
			return err
		}
		old := new(cognitoidp.UserPoolClientType)
		if err := old.UnmarshalJSON([]byte(stored.config)); err != nil {
			return err
		}
		custom, err := serverScopes(tx, pool.ID, in.AllowedOAuthScopes)
		if err != nil {
			return err
		}
		config, err := o.rules().clientSettings(pool, stored.id, old, clientAsCreate(in), len(stored.secrets) > 0, custom)
		if err != nil {
			return err
		}
		row = stored
		row.config, row.version = encodeClient(config), version
		done, err := replaceClient(tx, row, stored.version)
		if err == nil && !done {
			err = concurrent()
		}
		o.changed(tx, row.version, "", row.id)
		return err
	})
	if err != nil {
		return nil, err
	}
	c, err := o.openClient(ctx, row)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.UpdateUserPoolClientResponse{UserPoolClient: c.Config}, nil
}

// DeleteUserPoolClient implements the AWS operation.
func (o Ops) DeleteUserPoolClient(ctx context.Context, in *cognitoidp.DeleteUserPoolClientRequest) error {
	note(ctx, in.UserPoolId, in.ClientId)
	return o.d.DB.Update(ctx, func(tx *db.Tx) error {
		version, err := nextVersion(tx)
		if err != nil {
			return err
		}
		row, err := o.storedClient(tx, in.UserPoolId, in.ClientId)
		if err != nil {
			return err
		}
		done, err := removeClient(tx, row.id, row.version)
		if err == nil && !done {
			err = concurrent()
		}
		if err == nil && o.d.ClientGone != nil {
			err = o.d.ClientGone(tx, row.poolID, row.id)
		}
		if err != nil {
			return err
		}
		o.changed(tx, version, row.poolID, row.id)
		return touchPool(tx, row.poolID, version) // for what other rooms had of the client
	})
}
