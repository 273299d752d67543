package branding

import (
	"context"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
)

// MaxRequest is how many bytes a request that makes or changes a style may have.
const MaxRequest = 2 << 20

// maxSettings bounds the settings of a style that several requests add to, in bytes: what one request can bring.
const maxSettings = MaxRequest

// change is what a request makes of a style: the one source that it names, and images.
type change struct {
	provided bool
	settings node        // nil with provided
	text     rt.Document // settings as they were sent
	assets   []assetRow
}

// newChange checks a request. Exactly one source must be named; a flag that says false names none.
func newChange(provided *bool, settings rt.Document, assets []cognitoidp.AssetType) (change, error) {
	c := change{provided: provided != nil && *provided, text: settings}
	if c.provided == (settings != nil) {
		return c, cognitoidp.NewInvalidParameter("useCognitoProvidedValues or settings should be specified (but not both)")
	}
	var err error
	if settings != nil {
		if c.settings, err = parse(settings); err == nil {
			_, err = read(c.settings)
		}
		if err != nil {
			return c, cognitoidp.NewInvalidParameter("%s", err)
		}
	}
	c.assets, err = newAssets(assets)
	return c, err
}

// into is the style after the change. Settings are laid over the ones that there were; Cognito's own values do away with
// them.
func (c change) into(s style) (style, error) {
	s.provided = c.provided
	if c.provided {
		s.settings = nil
		return s, nil
	}
	if s.settings == nil {
		s.settings = c.text
		return s, nil
	}
	old, err := parse(s.settings)
	if err != nil {
		return s, err
	}
	if s.settings, err = write(merge(old, c.settings)); err != nil {
		return s, err
	}
	if len(s.settings) > maxSettings {
		return s, cognitoidp.NewInvalidParameter("The settings of a style can have at most %d bytes.", maxSettings)
	}
	return s, nil
}

// putAssets writes the images of a change beside those of the style, which Cognito's own values do away with.
func (c change) putAssets(tx *db.Tx, s style) error {
	if c.provided {
		if err := dropAssets(tx, s.poolID, s.id); err != nil {
			return err
		}
	}
	have, err := listAssets(tx, s.poolID, s.id, false)
	if err != nil {
		return err
	}
	places, next := map[string]int{}, 0
	for _, a := range have {
		places[a.slot], next = a.place, max(next, a.place+1)
	}
	for _, a := range c.assets {
		if len(a.content) == 0 {
			delete(places, a.slot)
			if err := dropAsset(tx, s.poolID, s.id, a.slot); err != nil {
				return err
			}
			continue
		}
		place, replaces := places[a.slot]
		if !replaces {
			place, next = next, next+1
		}
		a.place, places[a.slot] = place, place
		if err := putAsset(tx, s.poolID, s.id, a); err != nil {
			return err
		}
	}
	if len(places) > maxAssets {
		return cognitoidp.NewInvalidParameter("A style can have at most %d assets.", maxAssets)
	}
	return nil
}

// show is a style as the API answers it, with the defaults filled in where they are asked for.
func show(s style, assets []assetRow, merged bool) (*cognitoidp.ManagedLoginBrandingType, error) {
	out := &cognitoidp.ManagedLoginBrandingType{
		ManagedLoginBrandingId: &s.id, UserPoolId: &s.poolID, UseCognitoProvidedValues: &s.provided, Settings: s.settings,
		Assets:       make([]cognitoidp.AssetType, len(assets)),
		CreationDate: new(rt.TimeFromMillis(s.created)), LastModifiedDate: new(rt.TimeFromMillis(s.modified)),
	}
	for i, a := range assets {
		out.Assets[i] = a.wire()
	}
	if !merged {
		return out, nil
	}
	tree, err := effective(s.settings)
	if err == nil {
		out.Settings, err = write(tree)
	}
	return out, err
}

// effective are the settings of a style over the defaults.
func effective(settings rt.Document) (node, error) {
	if settings == nil {
		return defaults(), nil
	}
	own, err := parse(settings)
	if err != nil {
		return nil, err
	}
	return shown(defaults(), own), nil
}

// judge puts the pairs of colors that people cannot tell apart into the log event of a request.
func judge(ctx context.Context, s style) error {
	tree, err := effective(s.settings)
	if err != nil {
		return err
	}
	settings, err := read(tree)
	if err != nil {
		return err
	}
	var names []string
	for _, p := range settings.Contrast() {
		names = append(names, p.String())
	}
	if len(names) > 0 {
		obs.Warn(ctx, "too little contrast: %s", strings.Join(names, "; "))
	}
	return nil
}
