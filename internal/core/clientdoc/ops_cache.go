package clientdoc

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/db"
	"cognate/internal/base/pagetoken"
)

// ListClientMetadataURLs implements the AWS operation: the documents that are kept under a policy, in the order of their
// addresses.
func (o Ops) ListClientMetadataURLs(ctx context.Context, in *cognitoidp.ListClientMetadataURLsRequest) (*cognitoidp.ListClientMetadataURLsResponse, error) {
	if _, err := o.policy(ctx, in.UserPoolId, in.CIMDPolicyId); err != nil {
		return nil, err
	}
	binding := pagetoken.Binding("ListClientMetadataURLs", in.UserPoolId, in.CIMDPolicyId)
	page, err := o.page(ctx, in.UserPoolId, binding, in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	var list []documentRow
	err = o.DB.Read(ctx, func(tx *db.Tx) (err error) {
		list, err = listDocuments(tx, in.UserPoolId, in.CIMDPolicyId, page.After, o.Clock.Milli(), page.Limit+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	list, last := pagetoken.Cut(page, list, func(row documentRow) string { return row.address })
	out := &cognitoidp.ListClientMetadataURLsResponse{ClientMetadataURLs: []cognitoidp.ClientMetadataURLType{}}
	for _, row := range list {
		out.ClientMetadataURLs = append(out.ClientMetadataURLs, cognitoidp.ClientMetadataURLType{
			URL: row.address, CachedDate: new(rt.TimeFromMillis(row.fetched)), ExpirationDate: new(rt.TimeFromMillis(row.expires)),
		})
	}
	out.NextToken, err = page.Next(ctx, last)
	return out, err
}

// UpdateClientMetadataURLState implements the AWS operation: it fetches a document again that is kept, or forgets it. One
// that cannot be used any more when it is fetched is forgotten.
func (o Ops) UpdateClientMetadataURLState(ctx context.Context, in *cognitoidp.UpdateClientMetadataURLStateRequest) (*cognitoidp.UpdateClientMetadataURLStateResponse, error) {
	of, err := o.Pools.PoolOrRefuse(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	if err := o.Pools.AboveLite(of, Feature); err != nil {
		return nil, err
	}
	p, err := o.policy(ctx, in.UserPoolId, in.CIMDPolicyId)
	if err != nil {
		return nil, err
	}
	refresh := in.Action == cognitoidp.CIMDCacheActionTypeRefresh
	err = o.DB.Update(ctx, func(tx *db.Tx) error {
		row, err := readDocument(tx, in.UserPoolId, p.id(), in.URL)
		if err != nil {
			return err
		}
		if row == nil || row.expires <= o.Clock.Milli() {
			return cognitoidp.NewCachedCIMDURLDoesNotExist("There is no cached client metadata document of %s.", in.URL)
		}
		if refresh {
			return nil
		}
		_, err = removeDocument(tx, in.UserPoolId, p.id(), in.URL)
		return err
	})
	if err == nil && refresh {
		err = o.refresh(ctx, p, in.URL)
	}
	if err != nil {
		return nil, err
	}
	o.forget()
	return &cognitoidp.UpdateClientMetadataURLStateResponse{}, nil
}

// refresh fetches a document again. One that can be used no more is forgotten, so that its client is not let in by what it
// was.
func (r *Room) refresh(ctx context.Context, p *policy, address string) error {
	_, err := r.fetch(ctx, p.config.UserPoolId, p, address)
	if !errors.Is(err, ErrDocument) {
		return err
	}
	reason := err
	err = r.DB.Update(ctx, func(tx *db.Tx) error {
		_, err := removeDocument(tx, p.config.UserPoolId, p.id(), address)
		return err
	})
	if err != nil {
		return err
	}
	return cognitoidp.NewInvalidParameter("The client metadata document of %s was forgotten: %v", address, reason)
}
