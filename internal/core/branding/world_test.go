package branding_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/core/branding"
	"cognate/internal/core/pool"
	. "cognate/internal/testkit/cognitotest"
)

// world is a pool with a domain and a client.
type world struct {
	*World
	p *pool.Pool
	c *pool.Client
}

func each(t *testing.T, body func(w *world)) {
	t.Helper()
	Each(t, func(w *World) { body(newWorld(w)) })
}

func newWorld(w *World) *world {
	w.T.Helper()
	p := w.Pool(nil)
	Call(w, w.API.CreateUserPoolDomain, &cognitoidp.CreateUserPoolDomainRequest{UserPoolId: p.ID, Domain: "shop"})
	return &world{w, p, w.Client(p, nil)}
}

// look is what the pages are given now.
func (w *world) look(c *pool.Client) *branding.Look {
	w.T.Helper()
	look, err := w.Branding.Look(w.Ctx, w.Reload(w.p.ID), c.ID)
	if err != nil {
		w.T.Fatal(err)
	}
	return look
}

// style makes a style of settings for the client.
func (w *world) style(settings string, assets ...cognitoidp.AssetType) *cognitoidp.ManagedLoginBrandingType {
	w.T.Helper()
	return Call(w.World, w.API.CreateManagedLoginBranding, &cognitoidp.CreateManagedLoginBrandingRequest{
		UserPoolId: w.p.ID, ClientId: w.c.ID, Settings: rt.Document(settings), Assets: assets,
	}).ManagedLoginBranding
}

// update changes it.
func (w *world) update(id, settings string, assets ...cognitoidp.AssetType) *cognitoidp.ManagedLoginBrandingType {
	w.T.Helper()
	return Call(w.World, w.API.UpdateManagedLoginBranding, &cognitoidp.UpdateManagedLoginBrandingRequest{
		UserPoolId: &w.p.ID, ManagedLoginBrandingId: &id, Settings: rt.Document(settings), Assets: assets,
	}).ManagedLoginBranding
}

// described is the style as it is stored, or with the defaults.
func (w *world) described(merged bool) *cognitoidp.ManagedLoginBrandingType {
	w.T.Helper()
	return Call(w.World, w.API.DescribeManagedLoginBrandingByClient, &cognitoidp.DescribeManagedLoginBrandingByClientRequest{
		UserPoolId: w.p.ID, ClientId: w.c.ID, ReturnMergedResources: &merged,
	}).ManagedLoginBranding
}

// image is an asset whose content is one of its extension, different for each name.
func image(category cognitoidp.AssetCategoryType, mode cognitoidp.ColorSchemeModeType, extension cognitoidp.AssetExtensionType, name string) cognitoidp.AssetType {
	return cognitoidp.AssetType{Category: category, ColorMode: mode, Extension: extension, Bytes: picture(extension, name)}
}

// picture begins as an image of a kind does.
func picture(extension cognitoidp.AssetExtensionType, name string) []byte {
	return []byte(map[cognitoidp.AssetExtensionType]string{
		"PNG": "\x89PNG\r\n\x1a\n", "JPEG": "\xff\xd8\xff\xe0", "ICO": "\x00\x00\x01\x00", "WEBP": "RIFF\x00\x00\x00\x00WEBPVP8 ",
		"SVG": `<?xml version="1.0"?><!-- a --><svg xmlns="http://www.w3.org/2000/svg">`,
	}[extension] + name)
}

// same reports whether two documents are the same JSON.
func same(a, b rt.Document) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

// at reads a value of a document by its path.
func at(t testing.TB, doc rt.Document, path ...string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(doc, &v); err != nil {
		t.Fatal(err)
	}
	for _, name := range path {
		object, _ := v.(map[string]any)
		v = object[name]
	}
	return v
}
