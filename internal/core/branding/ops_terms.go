package branding

import (
	"context"
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/db"
	"cognate/internal/base/pagetoken"
	"cognate/internal/core/pool"
)

// CreateTerms implements the AWS operation.
func (o Ops) CreateTerms(ctx context.Context, in *cognitoidp.CreateTermsRequest) (*cognitoidp.CreateTermsResponse, error) {
	note(ctx, in.UserPoolId, in.ClientId)
	if err := checkLinks(in.Links); err != nil {
		return nil, err
	}
	now := rt.TimeFromMillis(o.Clock.Milli())
	t := &cognitoidp.TermsType{
		TermsId: o.ids.UUID(), UserPoolId: in.UserPoolId, ClientId: in.ClientId, TermsName: in.TermsName, TermsSource: in.TermsSource,
		Enforcement: in.Enforcement, Links: linksOf(in.Links), CreationDate: now, LastModifiedDate: now,
	}
	err := o.Pools.ChangeBeside(ctx, in.UserPoolId, func(tx *db.Tx, _ *pool.Pool) error {
		if err := o.Pools.Have(tx, in.UserPoolId, in.ClientId); err != nil {
			return err
		}
		return addTerms(tx, t)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.CreateTermsResponse{Terms: t}, nil
}

// addTerms refuses a name that the client has already.
func addTerms(tx *db.Tx, t *cognitoidp.TermsType) error {
	made, err := insertTerms(tx, t)
	if err == nil && !made {
		err = cognitoidp.NewTermsExists("Terms named %s already exist for client %s", t.TermsName, t.ClientId)
	}
	return err
}

// UpdateTerms implements the AWS operation. Members that are not sent stay; links replace all that there were.
func (o Ops) UpdateTerms(ctx context.Context, in *cognitoidp.UpdateTermsRequest) (*cognitoidp.UpdateTermsResponse, error) {
	if err := checkLinks(in.Links); err != nil {
		return nil, err
	}
	var t *cognitoidp.TermsType
	err := o.Pools.ChangeBeside(ctx, in.UserPoolId, func(tx *db.Tx, _ *pool.Pool) (err error) {
		if t, err = knownTerms(tx, in.UserPoolId, in.TermsId); err != nil {
			return err
		}
		if err := removeTerms(tx, t); err != nil {
			return err
		}
		if in.TermsName != nil {
			t.TermsName = *in.TermsName
		}
		if in.TermsSource != nil {
			t.TermsSource = *in.TermsSource
		}
		if in.Enforcement != nil {
			t.Enforcement = *in.Enforcement
		}
		if in.Links != nil {
			t.Links = in.Links
		}
		t.LastModifiedDate = rt.TimeFromMillis(o.Clock.Milli())
		return addTerms(tx, t)
	})
	if err != nil {
		return nil, err
	}
	note(ctx, in.UserPoolId, t.ClientId)
	return &cognitoidp.UpdateTermsResponse{Terms: t}, nil
}

// knownTerms reads a document or answers that there is none.
func knownTerms(tx *db.Tx, poolID, id string) (*cognitoidp.TermsType, error) {
	found, err := termsByID(tx, poolID, id)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, cognitoidp.NewResourceNotFound("Terms %s do not exist.", id)
	}
	return &found[0], nil
}

// DeleteTerms implements the AWS operation.
func (o Ops) DeleteTerms(ctx context.Context, in *cognitoidp.DeleteTermsRequest) error {
	return o.Pools.ChangeBeside(ctx, in.UserPoolId, func(tx *db.Tx, _ *pool.Pool) error {
		t, err := knownTerms(tx, in.UserPoolId, in.TermsId)
		if err != nil {
			return err
		}
		return removeTerms(tx, t)
	})
}

// DescribeTerms implements the AWS operation.
func (o Ops) DescribeTerms(ctx context.Context, in *cognitoidp.DescribeTermsRequest) (*cognitoidp.DescribeTermsResponse, error) {
	note(ctx, in.UserPoolId, "")
	var t *cognitoidp.TermsType
	err := o.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if err := o.Pools.Have(tx, in.UserPoolId, ""); err != nil {
			return err
		}
		t, err = knownTerms(tx, in.UserPoolId, in.TermsId)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.DescribeTermsResponse{Terms: t}, nil
}

// DescribeTermsByClient implements the AWS operation.
func (o Ops) DescribeTermsByClient(ctx context.Context, in *cognitoidp.DescribeTermsByClientRequest) (*cognitoidp.DescribeTermsByClientResponse, error) {
	note(ctx, in.UserPoolId, in.ClientId)
	var documents []cognitoidp.TermsType
	err := o.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if err := o.Pools.Have(tx, in.UserPoolId, in.ClientId); err != nil {
			return err
		}
		documents, err = termsOf(tx, in.UserPoolId, in.ClientId)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range documents {
		if documents[i].TermsName == in.TermsName {
			return &cognitoidp.DescribeTermsByClientResponse{Terms: &documents[i]}, nil
		}
	}
	return nil, cognitoidp.NewResourceNotFound("Terms named %s do not exist for client %s.", in.TermsName, in.ClientId)
}

// maxTermsPage is the largest page of ListTerms, and the one that a caller gets without asking.
const maxTermsPage = 60

// ListTerms implements the AWS operation. Documents come in the order of their ids.
func (o Ops) ListTerms(ctx context.Context, in *cognitoidp.ListTermsRequest) (*cognitoidp.ListTermsResponse, error) {
	note(ctx, in.UserPoolId, "")
	limit := maxTermsPage
	if in.MaxResults != nil {
		limit = int(*in.MaxResults)
	}
	if _, err := o.Pools.PoolOrRefuse(ctx, in.UserPoolId); err != nil {
		return nil, err
	}
	page, err := o.pages.Page(ctx, in.UserPoolId, pagetoken.Binding("ListTerms", in.UserPoolId), in.NextToken, limit)
	if errors.Is(err, pagetoken.ErrInvalid) {
		err = pool.InvalidNextToken()
	}
	if err != nil {
		return nil, err
	}
	var found []cognitoidp.TermsType
	err = o.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if err := o.Pools.Have(tx, in.UserPoolId, ""); err != nil {
			return err
		}
		found, err = listTerms(tx, in.UserPoolId, page.After, limit+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	found, last := pagetoken.Cut(page, found, func(t cognitoidp.TermsType) string { return t.TermsId })
	out := &cognitoidp.ListTermsResponse{Terms: make([]cognitoidp.TermsDescriptionType, len(found))}
	for i, t := range found {
		out.Terms[i] = describeTerms(t)
	}
	out.NextToken, err = page.Next(ctx, last)
	return out, err
}
