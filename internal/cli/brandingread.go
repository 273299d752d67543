package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"cognate/internal/api/rt"
	"cognate/internal/base/awscall"
	"cognate/internal/core/branding"
	"cognate/internal/web/login/screen"
)

// ask reads the branding of the client from the server into b, except what files say, and returns the document of its
// managed-login style.
func (s *brandSource) ask(ctx context.Context, b *screen.Brand, document []byte) ([]byte, error) {
	c := s.cmd
	pool, err := c.pool(ctx)
	if err != nil {
		return nil, err
	}
	of := map[string]any{"UserPoolId": pool, "ClientId": c.Client}
	var client struct{ UserPoolClient clientView }
	if err := c.call(ctx, "DescribeUserPoolClient", of, &client); err != nil {
		return nil, err
	}
	if b.Style.Pool = pool; b.App == "" {
		b.App = client.UserPoolClient.Name
	}
	if c.CSS == "" {
		var classic struct{ UICustomization struct{ CSS string } }
		if err := c.call(ctx, "GetUICustomization", of, &classic); err != nil {
			return nil, err
		}
		if b.Style.CSS, err = branding.ReadCSS(classic.UICustomization.CSS); err != nil {
			return nil, err
		}
	}
	if document != nil {
		return document, nil
	}
	var style json.RawMessage
	of["ReturnMergedResources"] = true
	err = c.call(ctx, "DescribeManagedLoginBrandingByClient", of, &style)
	var none *awscall.Failure
	if errors.As(err, &none) && none.Code == "ResourceNotFoundException" {
		return nil, nil // a client without a style has Cognate's own look
	}
	return style, err
}

// dress puts a branding into b: its settings over the defaults, its pictures, and the colours that are too alike.
func dress(b *screen.Brand, document []byte) error {
	var d styleDocument
	if err := json.Unmarshal(document, &d); err != nil {
		return fmt.Errorf("the style: %w", err)
	}
	if d.Branding != nil {
		if err := json.Unmarshal(d.Branding, &d); err != nil {
			return fmt.Errorf("the style: %w", err)
		}
	}
	if d.Settings == nil && d.Assets == nil && d.Branding == nil {
		d.Settings = document
	}
	tree, settings, err := branding.ReadSettings(rt.Document(d.Settings))
	if err != nil {
		return fmt.Errorf("the style: %w", err)
	}
	b.Style.Settings, b.Style.Assets = tree, map[screen.AssetKey]string{}
	for _, pair := range settings.Contrast() {
		b.Notes = append(b.Notes, pair.String())
	}
	for _, a := range d.Assets {
		kind := branding.MediaType(a.Extension)
		if kind == "" || len(a.Bytes) == 0 {
			return fmt.Errorf("the style: the image %s has no content or the unknown extension %q", a.Category, a.Extension)
		}
		key := screen.AssetKey{Category: string(a.Category), Mode: string(a.ColorMode)}
		if a.ResourceId != nil && key.Category == "IDP_BUTTON_ICON" {
			key.Resource = *a.ResourceId
		}
		sum := sha256.Sum256(a.Bytes)
		path := "/assets/" + hex.EncodeToString(sum[:8]) + "." + strings.ToLower(string(a.Extension))
		b.Style.Assets[key], b.Files[path] = path, screen.File{Type: kind, Body: a.Bytes}
	}
	return nil
}
