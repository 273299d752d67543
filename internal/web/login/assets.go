package login

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"cognate/internal/core/branding"
	"cognate/internal/core/pool"
	"cognate/internal/web/site"
)

// Assets has the images of pages; *branding.Room does.
type Assets interface {
	// Asset returns an image of a pool; branding.ErrNoAsset when there is none.
	Asset(ctx context.Context, poolID, id string) (*branding.Content, error)
}

// assetPolicy is what images are sent with: one that is opened by itself runs nothing.
const assetPolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

// AssetRoutes serve the images of pages.
func AssetRoutes(assets Assets) []site.Route {
	get := site.Endpoint{Operation: "Asset_GET", Handle: func(ctx context.Context, r *site.Request) site.Reply {
		return asset(ctx, assets, r)
	}}
	return []site.Route{{
		Path: string(pool.EndpointAssets), Below: true,
		Methods: map[string]site.Endpoint{http.MethodGet: get, http.MethodHead: get},
		Refuse:  func(_ context.Context, status int, _ string) site.Reply { return site.Empty(status) },
	}}
}

func asset(ctx context.Context, assets Assets, r *site.Request) site.Reply {
	c, err := assets.Asset(ctx, r.Place.PoolID, strings.TrimPrefix(r.Place.Path, string(pool.EndpointAssets)))
	if errors.Is(err, branding.ErrNoAsset) {
		return site.Empty(http.StatusNotFound)
	}
	if err != nil {
		return site.Empty(site.Failed(ctx, err))
	}
	reply := site.Content(c.MediaType, c.Bytes)
	if r.Header.Get("If-None-Match") == c.ETag {
		reply = site.Empty(http.StatusNotModified)
	}
	return reply.Immutable().With("ETag", c.ETag).With("Content-Security-Policy", assetPolicy)
}
