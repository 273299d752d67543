package pool

import (
	"context"
	"reflect"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
)

// DeclaredSchema is the Schema of a CreateUserPool that makes an effective schema: the standard attributes that differ from
// their default, and the custom ones without prefix.
func DeclaredSchema(effective []cognitoidp.SchemaAttributeType) []cognitoidp.SchemaAttributeType {
	var out []cognitoidp.SchemaAttributeType
	for _, a := range effective {
		if isStandard(*a.Name) {
			if !reflect.DeepEqual(a, standard(*a.Name)) {
				out = append(out, a)
			}
			continue
		}
		bare := strings.TrimPrefix(strings.TrimPrefix(*a.Name, devPrefix), customPrefix)
		a.Name = &bare
		out = append(out, a)
	}
	return out
}

// GivenSecrets are the active secrets of a client, newest first, as CreateClientWithID takes them.
func (p *Pools) GivenSecrets(ctx context.Context, poolID, clientID string) ([]GivenSecret, error) {
	var row clientRow
	err := p.d.DB.Read(ctx, func(tx *db.Tx) (err error) {
		row, err = p.storedClient(tx, poolID, clientID)
		return err
	})
	if err != nil {
		return nil, err
	}
	list, err := p.openSecrets(ctx, row)
	if err != nil {
		return nil, err
	}
	out := make([]GivenSecret, len(list))
	for i, s := range list {
		out[i] = GivenSecret{Value: s.Value, Chosen: s.Chosen}
	}
	return out, nil
}
