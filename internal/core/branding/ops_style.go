package branding

import (
	"context"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/pool"
)

// CreateManagedLoginBranding implements the AWS operation.
func (o Ops) CreateManagedLoginBranding(ctx context.Context, in *cognitoidp.CreateManagedLoginBrandingRequest) (*cognitoidp.CreateManagedLoginBrandingResponse, error) {
	note(ctx, in.UserPoolId, in.ClientId)
	c, err := newChange(in.UseCognitoProvidedValues, in.Settings, in.Assets)
	if err != nil {
		return nil, err
	}
	now := o.Clock.Milli()
	s, err := c.into(style{poolID: in.UserPoolId, clientID: in.ClientId, id: o.ids.UUID(), created: now, modified: now})
	if err != nil {
		return nil, err
	}
	out, err := o.changeStyle(ctx, in.UserPoolId, func(tx *db.Tx) (style, error) {
		if err := o.Pools.Have(tx, in.UserPoolId, in.ClientId); err != nil {
			return s, err
		}
		made, err := insertStyle(tx, s)
		if err == nil && !made {
			err = cognitoidp.NewManagedLoginBrandingExists("A ManagedLoginBranding already exists for client %s", in.ClientId)
		}
		if err != nil {
			return s, err
		}
		return s, c.putAssets(tx, s)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.CreateManagedLoginBrandingResponse{ManagedLoginBranding: out}, nil
}

// UpdateManagedLoginBranding implements the AWS operation. Settings and images that are not sent stay.
func (o Ops) UpdateManagedLoginBranding(ctx context.Context, in *cognitoidp.UpdateManagedLoginBrandingRequest) (*cognitoidp.UpdateManagedLoginBrandingResponse, error) {
	switch {
	case in.UserPoolId == nil:
		return nil, pool.MissingParameter("UserPoolId")
	case in.ManagedLoginBrandingId == nil:
		return nil, pool.MissingParameter("ManagedLoginBrandingId")
	}
	note(ctx, *in.UserPoolId, "")
	c, err := newChange(in.UseCognitoProvidedValues, in.Settings, in.Assets)
	if err != nil {
		return nil, err
	}
	out, err := o.changeStyle(ctx, *in.UserPoolId, func(tx *db.Tx) (style, error) {
		s, err := knownStyle(tx, *in.UserPoolId, *in.ManagedLoginBrandingId)
		if err != nil {
			return s, err
		}
		if s, err = c.into(s); err != nil {
			return s, err
		}
		s.modified = o.Clock.Milli()
		if err := replaceStyle(tx, s); err != nil {
			return s, err
		}
		return s, c.putAssets(tx, s)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.UpdateManagedLoginBrandingResponse{ManagedLoginBranding: out}, nil
}

// changeStyle writes a style in one transaction and answers what it has become.
func (r *Room) changeStyle(ctx context.Context, poolID string, change func(tx *db.Tx) (style, error)) (*cognitoidp.ManagedLoginBrandingType, error) {
	var s style
	var assets []assetRow
	err := r.Pools.ChangeBeside(ctx, poolID, func(tx *db.Tx, _ *pool.Pool) (err error) {
		if s, err = change(tx); err != nil {
			return err
		}
		assets, err = listAssets(tx, poolID, s.id, true)
		return err
	})
	if err != nil {
		return nil, err
	}
	note(ctx, poolID, s.clientID)
	if err := judge(ctx, s); err != nil {
		return nil, err
	}
	return show(s, assets, false)
}

// knownStyle reads a style or answers that there is none.
func knownStyle(tx *db.Tx, poolID, id string) (style, error) {
	s, found, err := styleByID(tx, poolID, id)
	if err == nil && !found {
		err = cognitoidp.NewResourceNotFound("ManagedLoginBranding does not exist.")
	}
	return s, err
}

// DeleteManagedLoginBranding implements the AWS operation.
func (o Ops) DeleteManagedLoginBranding(ctx context.Context, in *cognitoidp.DeleteManagedLoginBrandingRequest) error {
	note(ctx, in.UserPoolId, "")
	return o.Pools.ChangeBeside(ctx, in.UserPoolId, func(tx *db.Tx, _ *pool.Pool) error {
		s, err := knownStyle(tx, in.UserPoolId, in.ManagedLoginBrandingId)
		if err != nil {
			return err
		}
		return removeStyle(tx, s)
	})
}

// DescribeManagedLoginBranding implements the AWS operation.
func (o Ops) DescribeManagedLoginBranding(ctx context.Context, in *cognitoidp.DescribeManagedLoginBrandingRequest) (*cognitoidp.DescribeManagedLoginBrandingResponse, error) {
	out, err := o.describe(ctx, in.UserPoolId, "", in.ReturnMergedResources, func(tx *db.Tx) (style, error) {
		return knownStyle(tx, in.UserPoolId, in.ManagedLoginBrandingId)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.DescribeManagedLoginBrandingResponse{ManagedLoginBranding: out}, nil
}

// DescribeManagedLoginBrandingByClient implements the AWS operation.
func (o Ops) DescribeManagedLoginBrandingByClient(ctx context.Context, in *cognitoidp.DescribeManagedLoginBrandingByClientRequest) (*cognitoidp.DescribeManagedLoginBrandingByClientResponse, error) {
	out, err := o.describe(ctx, in.UserPoolId, in.ClientId, in.ReturnMergedResources, func(tx *db.Tx) (style, error) {
		s, found, err := styleOf(tx, in.UserPoolId, in.ClientId)
		if err == nil && !found {
			err = cognitoidp.NewResourceNotFound("ManagedLoginBranding for client %s does not exist.", in.ClientId)
		}
		return s, err
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.DescribeManagedLoginBrandingByClientResponse{ManagedLoginBranding: out}, nil
}

// describe answers a style that find reads.
func (r *Room) describe(ctx context.Context, poolID, clientID string, merged *bool, find func(tx *db.Tx) (style, error)) (*cognitoidp.ManagedLoginBrandingType, error) {
	note(ctx, poolID, clientID)
	var s style
	var assets []assetRow
	err := r.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if err := r.Pools.Have(tx, poolID, clientID); err != nil {
			return err
		}
		if s, err = find(tx); err != nil {
			return err
		}
		assets, err = listAssets(tx, poolID, s.id, true)
		return err
	})
	if err != nil {
		return nil, err
	}
	return show(s, assets, merged != nil && *merged)
}

// note puts the pool and client of a request into its log event.
func note(ctx context.Context, poolID, clientID string) {
	req := obs.From(ctx)
	req.Pool, req.Client = poolID, clientID
}
