package branding

import (
	"context"
	"errors"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/pool"
)

// Content is an image as it is served. It never changes under its address.
type Content struct {
	Bytes     []byte
	MediaType string
	ETag      string // with its quotes
}

// hashLen is how many characters of an image's ID name its content.
const hashLen = 32

// Asset returns the image of a pool that has this ID (Asset.ID); ErrNoAsset when there is none.
func (r *Room) Asset(ctx context.Context, poolID, id string) (*Content, error) {
	hash, extension, _ := strings.Cut(id, ".")
	kind := cognitoidp.AssetExtensionType(strings.ToUpper(extension))
	media, known := mediaTypes[kind]
	if len(hash) != hashLen || !known || extension != strings.ToLower(extension) {
		return nil, ErrNoAsset
	}
	p, err := r.Pools.Pool(ctx, poolID)
	if errors.Is(err, pool.ErrPoolNotFound) {
		return nil, ErrNoAsset
	}
	if err != nil {
		return nil, err
	}
	key := p.ID + "/" + id
	if have, ok := r.images.get(key, p.Version); ok {
		return have, nil
	}
	c := &Content{MediaType: media, ETag: `"` + hash + `"`}
	err = r.DB.Read(ctx, func(tx *db.Tx) (err error) {
		c.Bytes, err = assetContent(tx, p.ID, hash, string(kind))
		return err
	})
	if err != nil {
		return nil, err
	}
	r.images.put(key, p.Version, len(c.Bytes), c)
	return c, nil
}
