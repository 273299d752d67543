package pool

import (
	"context"
	"crypto/subtle"
	"slices"
	"strconv"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
)

// maxSecrets is how many secrets of a client can be active at the same time.
const maxSecrets = 2

// changeSecrets replaces the secrets of a client by what change makes of them, newest first, in one transaction. The
// secrets are opened once before it, because loading a data key may need the database.
func (p *Pools) changeSecrets(ctx context.Context, poolID, clientID string, change func(list []secret) ([]secret, error)) error {
	note(ctx, poolID, clientID)
	if _, err := p.readSecrets(ctx, poolID, clientID); err != nil {
		return err
	}
	return p.d.DB.Update(ctx, func(tx *db.Tx) error {
		version, err := nextVersion(tx)
		if err != nil {
			return err
		}
		row, err := p.storedClient(tx, poolID, clientID)
		if err != nil {
			return err
		}
		list, err := p.secretsOf(ctx, row)
		if err != nil {
			return err
		}
		if list, err = change(list); err != nil {
			return err
		}
		old := row.version
		row.version = version
		if row.secrets, err = p.sealSecrets(ctx, poolID, clientID, list); err != nil {
			return err
		}
		done, err := replaceSecrets(tx, row, old)
		if err == nil && !done {
			err = db.ErrRetry
		}
		p.changed(tx, version, "", clientID)
		return err
	})
}

// readSecrets reads the secrets of a client, newest first.
func (p *Pools) readSecrets(ctx context.Context, poolID, clientID string) ([]secret, error) {
	var row clientRow
	err := p.d.DB.Read(ctx, func(tx *db.Tx) (err error) {
		row, err = p.storedClient(tx, poolID, clientID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return p.secretsOf(ctx, row)
}

// secretsOf opens the secrets of a stored client. Public clients, and clients that registered themselves, have no
// secrets to manage.
func (p *Pools) secretsOf(ctx context.Context, row clientRow) ([]secret, error) {
	config := new(cognitoidp.UserPoolClientType)
	if err := config.UnmarshalJSON([]byte(row.config)); err != nil {
		return nil, err
	}
	list, err := p.openSecrets(ctx, row)
	switch {
	case err != nil:
		return nil, err
	case registered(config):
		return nil, cognitoidp.NewInvalidParameter("The secrets of client %s cannot be managed: it was made by dynamic client registration.", row.id)
	case len(list) == 0:
		return nil, cognitoidp.NewInvalidParameter("Client %s is a public client: it has no client secret.", row.id)
	}
	return list, nil
}

// descriptor shows a secret without its value.
func descriptor(s secret) cognitoidp.ClientSecretDescriptorType {
	return cognitoidp.ClientSecretDescriptorType{ClientSecretId: &s.ID, ClientSecretCreateDate: at(s.Created)}
}

// addSecret puts s before the others under an id that is free.
func addSecret(clientID string, s secret, list []secret) ([]secret, secret, error) {
	if len(list) >= maxSecrets {
		return nil, s, cognitoidp.NewLimitExceeded("Client %s has two client secrets already. Delete one of them first.", clientID)
	}
	for _, have := range list {
		if subtle.ConstantTimeCompare([]byte(have.Value), []byte(s.Value)) == 1 {
			return nil, s, cognitoidp.NewInvalidParameter("ClientSecret must differ from the client secret that is active.")
		}
	}
	for second := s.Created / 1000; ; second++ {
		s.ID = clientID + "--" + strconv.FormatInt(second, 10)
		if !slices.ContainsFunc(list, func(have secret) bool { return have.ID == s.ID }) {
			return append([]secret{s}, list...), s, nil
		}
	}
}

// AddUserPoolClientSecret implements the AWS operation. A generated value is told this once, an own value never.
func (o Ops) AddUserPoolClientSecret(ctx context.Context, in *cognitoidp.AddUserPoolClientSecretRequest) (*cognitoidp.AddUserPoolClientSecretResponse, error) {
	made, err := o.newSecret(in.ClientId, &cognitoidp.CreateUserPoolClientRequest{
		ClientSecret: in.ClientSecret, GenerateSecret: new(in.ClientSecret == nil),
	})
	if err != nil {
		return nil, err
	}
	s := made[0]
	err = o.changeSecrets(ctx, in.UserPoolId, in.ClientId, func(list []secret) ([]secret, error) {
		list, added, err := addSecret(in.ClientId, s, list)
		s.ID = added.ID
		return list, err
	})
	if err != nil {
		return nil, err
	}
	d := descriptor(s)
	if !s.Chosen {
		d.ClientSecretValue = &s.Value
	}
	return &cognitoidp.AddUserPoolClientSecretResponse{ClientSecretDescriptor: &d}, nil
}

// ListUserPoolClientSecrets implements the AWS operation. The newest secret comes first; all fit one page, so that there
// is no token to continue with.
func (o Ops) ListUserPoolClientSecrets(ctx context.Context, in *cognitoidp.ListUserPoolClientSecretsRequest) (*cognitoidp.ListUserPoolClientSecretsResponse, error) {
	note(ctx, in.UserPoolId, in.ClientId)
	if in.NextToken != nil {
		return nil, InvalidNextToken()
	}
	list, err := o.readSecrets(ctx, in.UserPoolId, in.ClientId)
	if err != nil {
		return nil, err
	}
	out := &cognitoidp.ListUserPoolClientSecretsResponse{ClientSecrets: []cognitoidp.ClientSecretDescriptorType{}}
	for _, s := range list {
		out.ClientSecrets = append(out.ClientSecrets, descriptor(s))
	}
	return out, nil
}

// DeleteUserPoolClientSecret implements the AWS operation. The deleted secret is refused on every node within a second.
func (o Ops) DeleteUserPoolClientSecret(ctx context.Context, in *cognitoidp.DeleteUserPoolClientSecretRequest) (*cognitoidp.DeleteUserPoolClientSecretResponse, error) {
	err := o.changeSecrets(ctx, in.UserPoolId, in.ClientId, func(list []secret) ([]secret, error) {
		i := slices.IndexFunc(list, func(s secret) bool { return s.ID == in.ClientSecretId })
		switch {
		case i < 0:
			return nil, cognitoidp.NewResourceNotFound("Client secret %s does not exist.", in.ClientSecretId)
		case len(list) == 1:
			return nil, cognitoidp.NewInvalidParameter("The last client secret of client %s cannot be deleted.", in.ClientId)
		}
		return slices.Delete(list, i, i+1), nil
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.DeleteUserPoolClientSecretResponse{}, nil
}
