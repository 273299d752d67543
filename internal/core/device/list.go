package device

import (
	"context"
	"errors"

	"cognate/internal/base/db"
	"cognate/internal/base/pagetoken"
	"cognate/internal/core/directory"
	"cognate/internal/core/pool"
)

// pageSize is the largest page, and the one of a request that names no limit.
const pageSize = 60

// page reads Limit and PaginationToken. A token continues the operation for the same user only.
func (d *Devices) page(ctx context.Context, p *pool.Pool, operation, user string, limit *int64, text *string) (pagetoken.Page, error) {
	size := pageSize
	if n := value(limit); n > 0 && n < pageSize {
		size = int(n)
	}
	tokens := pagetoken.Tokens{Keys: d.Keys, Now: d.now}
	page, err := tokens.Page(ctx, p.ID, pagetoken.Binding(operation, user), text, size)
	if errors.Is(err, pagetoken.ErrInvalid) {
		err = directory.InvalidPaginationToken()
	}
	return page, err
}

// list reads a page, with one device beyond it that tells whether there is another, and the cursor of the next.
func list(tx *db.Tx, p *pool.Pool, sub string, page pagetoken.Page) ([]*Device, string, error) {
	found, err := pageDevices(tx, p.ID, sub, page.After, page.Limit+1)
	if err != nil {
		return nil, "", err
	}
	found, last := pagetoken.Cut(page, found, func(d *Device) string { return d.Key })
	return found, last, nil
}
