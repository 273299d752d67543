package pool

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/keyring"
	"cognate/internal/base/obs"
	"cognate/internal/base/pagetoken"
)

// maxPage is the largest page of a list operation, and the one that a caller gets without asking.
const maxPage = 60

// cursor opens the token of a request; an absent token starts from the beginning.
func (p *Pools) cursor(ctx context.Context, scope, binding string, token *string) (string, error) {
	if token == nil {
		return "", nil
	}
	after, err := p.pages.Open(ctx, scope, binding, *token)
	if errors.Is(err, pagetoken.ErrInvalid) {
		return "", InvalidNextToken()
	}
	return after, err
}

// token seals the cursor of the next page.
func (p *Pools) token(ctx context.Context, scope, binding, cursor string) (*string, error) {
	token, err := p.pages.Seal(ctx, scope, binding, cursor)
	return &token, err
}

// pageSize reads MaxResults.
func pageSize(max *int64) (int, error) {
	n := num(or(max, maxPage))
	if n < 1 || n > maxPage {
		return 0, badPage(maxPage, n)
	}
	return int(n), nil
}

// ListUserPools implements the AWS operation. The pools of the Region come in the order of their ids.
func (o Ops) ListUserPools(ctx context.Context, in *cognitoidp.ListUserPoolsRequest) (*cognitoidp.ListUserPoolsResponse, error) {
	limit, err := pageSize(&in.MaxResults)
	if err != nil {
		return nil, err
	}
	region := obs.From(ctx).Region
	binding := pagetoken.Binding("ListUserPools", o.d.Account, string(region))
	after, err := o.cursor(ctx, keyring.System, binding, in.NextToken)
	if err != nil {
		return nil, err
	}
	var rows []poolRow
	err = o.d.DB.Read(ctx, func(tx *db.Tx) (err error) {
		rows, err = o.listRegion(tx, region, after, limit+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &cognitoidp.ListUserPoolsResponse{UserPools: []cognitoidp.UserPoolDescriptionType{}}
	if len(rows) > limit {
		rows = rows[:limit]
		if out.NextToken, err = o.token(ctx, keyring.System, binding, rows[limit-1].id); err != nil {
			return nil, err
		}
	}
	for _, row := range rows {
		var c cognitoidp.UserPoolType
		if err := c.UnmarshalJSON([]byte(row.config)); err != nil {
			return nil, err
		}
		out.UserPools = append(out.UserPools, cognitoidp.UserPoolDescriptionType{
			Id: c.Id, Name: c.Name, LambdaConfig: c.LambdaConfig, LastModifiedDate: c.LastModifiedDate, CreationDate: c.CreationDate,
		})
	}
	return out, nil
}

// ListUserPoolClients implements the AWS operation. Clients come in the order of their ids. The ClientType filter
// applies to a page after it was read, so a page may be short or empty and still continue.
func (o Ops) ListUserPoolClients(ctx context.Context, in *cognitoidp.ListUserPoolClientsRequest) (*cognitoidp.ListUserPoolClientsResponse, error) {
	note(ctx, in.UserPoolId, "")
	limit, err := pageSize(in.MaxResults)
	if err != nil {
		return nil, err
	}
	if _, err := o.PoolOrRefuse(ctx, in.UserPoolId); err != nil {
		return nil, err
	}
	binding := pagetoken.Binding("ListUserPoolClients", in.UserPoolId, string(val(in.ClientType)))
	after, err := o.cursor(ctx, in.UserPoolId, binding, in.NextToken)
	if err != nil {
		return nil, err
	}
	var rows []clientRow
	err = o.d.DB.Read(ctx, func(tx *db.Tx) (err error) {
		rows, err = listClients(tx, in.UserPoolId, after, limit+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &cognitoidp.ListUserPoolClientsResponse{UserPoolClients: []cognitoidp.UserPoolClientDescription{}}
	if len(rows) > limit {
		rows = rows[:limit]
		if out.NextToken, err = o.token(ctx, in.UserPoolId, binding, rows[limit-1].id); err != nil {
			return nil, err
		}
	}
	for _, row := range rows {
		var c cognitoidp.UserPoolClientType
		if err := c.UnmarshalJSON([]byte(row.config)); err != nil {
			return nil, err
		}
		if in.ClientType == nil || *in.ClientType == val(c.ClientType) {
			out.UserPoolClients = append(out.UserPoolClients, cognitoidp.UserPoolClientDescription{
				ClientId: c.ClientId, UserPoolId: c.UserPoolId, ClientName: c.ClientName,
			})
		}
	}
	return out, nil
}
