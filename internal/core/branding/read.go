package branding

import (
	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
)

// ReadSettings reads a settings document as it would be set, and returns it over the defaults: as a tree of JSON, and as
// settings. The error says what AWS would refuse.
func ReadSettings(text rt.Document) (tree map[string]any, settings *Settings, err error) {
	if tree, err = effective(text); err != nil {
		return nil, nil, err
	}
	settings, err = read(tree)
	return tree, settings, err
}

// ReadCSS reads a style of the classic pages as it would be set, and returns it as it may stand in a page. The error says
// what AWS would refuse.
func ReadCSS(sheet string) (string, error) { return readCSS(sheet) }

// MediaType is what images of an extension are served with; "" for none.
func MediaType(extension cognitoidp.AssetExtensionType) string { return mediaTypes[extension] }
