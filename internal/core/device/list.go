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

// query is one page of a user's devices that is asked for.
type query struct {
	tokens  pagetoken.Tokens
	poolID  string
	binding string
	after   string // device key
	limit   int
}

// page holds devices and the key after which the next page starts, "" at the end.
type page struct {
	devices []*Device
	last    string
}

// query reads Limit and PaginationToken. A token continues the operation for the same user only.
func (d *Devices) query(ctx context.Context, p *pool.Pool, operation, user string, limit *int64, text *string) (*query, error) {
	q := &query{
		tokens: pagetoken.Tokens{Keys: d.Keys, Now: d.now}, poolID: p.ID,
		binding: pagetoken.Binding(operation, user), limit: pageSize,
	}
	if n := value(limit); n > 0 && n < pageSize {
		q.limit = int(n)
	}
	if text == nil {
		return q, nil
	}
	var err error
	q.after, err = q.tokens.Open(ctx, p.ID, q.binding, *text)
	if errors.Is(err, pagetoken.ErrInvalid) {
		return nil, directory.InvalidPaginationToken()
	}
	return q, err
}

// read reads the page and one device beyond it, which tells whether there is another.
func (q *query) read(tx *db.Tx, p *pool.Pool, sub string) (page, error) {
	list, err := pageDevices(tx, p.ID, sub, q.after, q.limit+1)
	if err != nil || len(list) <= q.limit {
		return page{devices: list}, err
	}
	list = list[:q.limit]
	return page{list, list[q.limit-1].Key}, nil
}

// next is the PaginationToken after a page, nil at the end.
func (q *query) next(ctx context.Context, p page) (*string, error) {
	if p.last == "" {
		return nil, nil
	}
	text, err := q.tokens.Seal(ctx, q.poolID, q.binding, p.last)
	if err != nil {
		return nil, err
	}
	return &text, nil
}
