package pool

import (
	"context"
	"encoding/json"
	"fmt"
)

// secret is one client secret as it is kept, sealed.
type secret struct {
	// ID is the client id, two hyphens and the second of creation.
	ID string `json:"id"`
	// Value is the secret itself.
	Value string `json:"value"`
	// Created is the time of creation in milliseconds.
	Created int64 `json:"created"`
	// Chosen tells a value that the owner chose from a generated one; it is never shown again.
	Chosen bool `json:"chosen,omitempty"`
}

// sealSecrets encrypts the secrets of a client under its pool's key, bound to the column and the client.
func (p *Pools) sealSecrets(ctx context.Context, poolID, clientID string, list []secret) ([]byte, error) {
	if len(list) == 0 {
		return []byte{}, nil
	}
	plain, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	return p.d.Keys.Seal(ctx, poolID, plain, "app_client", "secrets", clientID)
}

// openSecrets returns the secrets of a client, newest first.
func (p *Pools) openSecrets(ctx context.Context, row clientRow) ([]secret, error) {
	if len(row.secrets) == 0 {
		return nil, nil
	}
	plain, err := p.d.Keys.Open(ctx, row.poolID, row.secrets, "app_client", "secrets", row.id)
	if err != nil {
		return nil, fmt.Errorf("pool: secrets of client %s: %w", row.id, err)
	}
	var list []secret
	if err := json.Unmarshal(plain, &list); err != nil {
		return nil, fmt.Errorf("pool: secrets of client %s: %w", row.id, err)
	}
	return list, nil
}
