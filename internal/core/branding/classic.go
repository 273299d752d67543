package branding

import (
	"context"
	"encoding/base64"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/db"
	"cognate/internal/core/pool"
)

const (
	// allClients is the ClientId of the customization of a whole pool.
	allClients = "ALL"
	// maxClassic is how many bytes a request of SetUICustomization can bring, the image in base64.
	maxClassic = 135 << 10
)

// newClassic checks a customization; nil when it sets nothing.
func newClassic(in *cognitoidp.SetUICustomizationRequest, now time.Time) (*classic, error) {
	c := &classic{
		poolID: in.UserPoolId, clientID: allClients, version: now.UTC().Format("20060102150405"),
		created: now.UnixMilli(), modified: now.UnixMilli(),
	}
	if in.ClientId != nil {
		c.clientID = *in.ClientId
	}
	if in.CSS != nil {
		c.css = *in.CSS
	}
	if len(c.css)+base64.StdEncoding.EncodedLen(len(in.ImageFile)) > maxClassic {
		return nil, cognitoidp.NewInvalidParameter("CSS and ImageFile together can have at most %d KB.", maxClassic>>10)
	}
	if _, err := readCSS(c.css); err != nil {
		return nil, err
	}
	if len(in.ImageFile) > 0 {
		kind := sniff(in.ImageFile)
		if kind != cognitoidp.AssetExtensionTypePng && kind != cognitoidp.AssetExtensionTypeJpeg {
			return nil, cognitoidp.NewInvalidParameter("ImageFile must be a PNG or JPEG image.")
		}
		c.logo = &assetRow{slot: logoSlot, extension: string(kind), hash: hashOf(in.ImageFile), content: in.ImageFile}
	}
	return c, nil
}

// look is a customization as pages are given it.
func (c *classic) look() *Classic {
	out := &Classic{Version: c.version}
	out.CSS, _ = readCSS(c.css) // one that cannot be read is not shown
	if c.logo != nil {
		out.Logo = new(c.logo.asset())
	}
	return out
}

// wire is a customization as the API answers it.
func (r *Room) wire(p *pool.Pool, c *classic) *cognitoidp.UICustomizationType {
	out := &cognitoidp.UICustomizationType{
		UserPoolId: &c.poolID, ClientId: &c.clientID, CSSVersion: &c.version,
		CreationDate: new(rt.TimeFromMillis(c.created)), LastModifiedDate: new(rt.TimeFromMillis(c.modified)),
	}
	if c.css != "" {
		out.CSS = &c.css
	}
	if c.logo != nil {
		out.ImageUrl = new(r.Addresses.Base(p.Config) + new(c.logo.asset()).Path())
	}
	return out
}

// SetUICustomization implements the AWS operation. It replaces style sheet and logo together; one that brings neither takes
// the customization away.
func (o Ops) SetUICustomization(ctx context.Context, in *cognitoidp.SetUICustomizationRequest) (*cognitoidp.SetUICustomizationResponse, error) {
	c, err := newClassic(in, o.Clock.Now())
	if err != nil {
		return nil, err
	}
	note(ctx, c.poolID, c.clientID)
	var of *pool.Pool
	err = o.Pools.ChangeBeside(ctx, in.UserPoolId, func(tx *db.Tx, p *pool.Pool) error {
		of = p
		if c.clientID != allClients {
			if err := o.Pools.Have(tx, c.poolID, c.clientID); err != nil {
				return err
			}
		}
		if len(p.Domains) == 0 {
			return cognitoidp.NewInvalidParameter("A domain must be associated with this user pool.")
		}
		if c.css == "" && c.logo == nil {
			return removeClassic(tx, c.poolID, c.clientID)
		}
		old, err := readClassic(tx, c.poolID, c.clientID)
		if err != nil {
			return err
		}
		if old != nil {
			c.created = old.created
		}
		return putClassic(tx, c)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.SetUICustomizationResponse{UICustomization: o.wire(of, c)}, nil
}

// GetUICustomization implements the AWS operation: that of the client, else that of the pool, else nothing.
func (o Ops) GetUICustomization(ctx context.Context, in *cognitoidp.GetUICustomizationRequest) (*cognitoidp.GetUICustomizationResponse, error) {
	clientID := allClients
	if in.ClientId != nil {
		clientID = *in.ClientId
	}
	note(ctx, in.UserPoolId, clientID)
	p, err := o.Pools.PoolOrRefuse(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	var c *classic
	err = o.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if clientID != allClients {
			if err := o.Pools.Have(tx, in.UserPoolId, clientID); err != nil {
				return err
			}
			if c, err = readClassic(tx, in.UserPoolId, clientID); err != nil || c != nil {
				return err
			}
		}
		c, err = readClassic(tx, in.UserPoolId, allClients)
		return err
	})
	if err != nil {
		return nil, err
	}
	if c == nil {
		return &cognitoidp.GetUICustomizationResponse{UICustomization: &cognitoidp.UICustomizationType{}}, nil
	}
	return &cognitoidp.GetUICustomizationResponse{UICustomization: o.wire(p, c)}, nil
}
