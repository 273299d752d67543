package branding

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
)

// maxAssets is how many images a style has.
const maxAssets = 40

// ErrNoAsset is an address of no image.
var ErrNoAsset = errors.New("branding: no such image")

// Asset is an image of a style or the logo of a classic page, without its content.
type Asset struct {
	Category   cognitoidp.AssetCategoryType // "" for a classic logo
	ColorMode  cognitoidp.ColorSchemeModeType
	ResourceID string // of an IDP_BUTTON_ICON: the provider's name; "" for all others
	Extension  cognitoidp.AssetExtensionType
	ID         string // its name in addresses; another content has another one
}

// Path is the address of the image below the base of the pool.
func (a *Asset) Path() string { return string(pool.EndpointAssets) + a.ID }

// slot is where in its style an image stands: a later one with the same takes its place.
func slot(a *cognitoidp.AssetType) string {
	resource := ""
	if a.ResourceId != nil {
		resource = *a.ResourceId
	}
	return string(a.Category) + "/" + string(a.ColorMode) + "/" + resource
}

// asset is the row without its content.
func (a assetRow) asset() Asset {
	out := Asset{Extension: cognitoidp.AssetExtensionType(a.extension), ID: a.hash + "." + strings.ToLower(a.extension)}
	if category, rest, styled := strings.Cut(a.slot, "/"); styled {
		mode, resource, _ := strings.Cut(rest, "/")
		out.Category, out.ColorMode = cognitoidp.AssetCategoryType(category), cognitoidp.ColorSchemeModeType(mode)
		if out.Category == cognitoidp.AssetCategoryTypeIdpButtonIcon {
			out.ResourceID = resource
		}
	}
	return out
}

// wire is the row as the API shows it.
func (a assetRow) wire() cognitoidp.AssetType {
	of := a.asset()
	out := cognitoidp.AssetType{Category: of.Category, ColorMode: of.ColorMode, Extension: of.Extension, Bytes: a.content}
	if resource := a.slot[strings.LastIndexByte(a.slot, '/')+1:]; resource != "" {
		out.ResourceId = &resource
	}
	return out
}

// hashOf names a content in addresses.
func hashOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:16])
}

// newAsset checks an image of a request. One without content takes away what is in its slot.
func newAsset(i int, a *cognitoidp.AssetType) (assetRow, error) {
	at := fmt.Sprintf("Assets[%d]", i)
	icon := a.Category == cognitoidp.AssetCategoryTypeFaviconIco
	switch {
	case icon != (a.Extension == cognitoidp.AssetExtensionTypeIco):
		return assetRow{}, cognitoidp.NewInvalidParameter("%s: the extension ICO goes with the category FAVICON_ICO, and with no other.", at)
	case a.Category == cognitoidp.AssetCategoryTypeFaviconSvg && a.Extension != cognitoidp.AssetExtensionTypeSvg:
		return assetRow{}, cognitoidp.NewInvalidParameter("%s: an image of the category FAVICON_SVG must have the extension SVG.", at)
	case len(a.Bytes) > 0 && sniff(a.Bytes) != a.Extension:
		return assetRow{}, cognitoidp.NewInvalidParameter("%s: the content is no %s image.", at, a.Extension)
	}
	return assetRow{slot: slot(a), extension: string(a.Extension), hash: hashOf(a.Bytes), content: a.Bytes}, nil
}

// newAssets checks the images of a request.
func newAssets(list []cognitoidp.AssetType) ([]assetRow, error) {
	seen := map[string]bool{}
	var out []assetRow
	for i := range list {
		row, err := newAsset(i, &list[i])
		if err != nil {
			return nil, err
		}
		if seen[row.slot] {
			return nil, cognitoidp.NewInvalidParameter("Assets has more than one image for %s.", strings.TrimSuffix(row.slot, "/"))
		}
		seen[row.slot] = true
		out = append(out, row)
	}
	return out, nil
}
