package iam

import (
	"context"
	"errors"
	"strings"

	"cognate/internal/base/db"
	"cognate/internal/base/pagetoken"
)

const (
	usualItems = 100
	// batch is how many entities a filtered list reads at once.
	batch = 200
)

// asked is the page of a list that a request asks for; operation and words bind the marker to the question.
func (r *Room) asked(ctx context.Context, marker *string, items *int64, operation string, words ...string) (pagetoken.Page, error) {
	limit := usualItems
	if items != nil {
		limit = int(*items)
	}
	page, err := r.pages.Page(ctx, Scope, pagetoken.Binding("iam:"+operation, words...), marker, limit)
	if errors.Is(err, pagetoken.ErrInvalid) {
		return page, invalid("Invalid Marker.")
	}
	return page, err
}

// within cuts a page out of rows that are at hand, in the order of what cursor gives.
func within[T any](ctx context.Context, p pagetoken.Page, rows []T, cursor func(T) string) (page []T, truncated *bool, marker *string, err error) {
	from := 0
	for from < len(rows) && p.After != "" && cursor(rows[from]) <= p.After {
		from++
	}
	page, last := pagetoken.Cut(p, rows[from:], cursor)
	truncated, marker, err = more(ctx, p, last)
	return page, truncated, marker, err
}

// more tells whether a list goes on behind last, and the marker with which.
func more(ctx context.Context, p pagetoken.Page, last string) (truncated *bool, marker *string, err error) {
	marker, err = p.Next(ctx, last)
	return new(last != ""), marker, err
}

// list reads a page of the entities of a kind that keep accepts, in the order of their names.
func list[T any, P interface {
	*T
	entity
}](ctx context.Context, r *Room, p pagetoken.Page, keep func(P) bool) (page []P, truncated *bool, marker *string, err error) {
	var rows []P
	err = r.view(ctx, func(tx *db.Tx) error {
		rows = nil
		for behind := p.After; ; {
			configs, err := after(tx, r.deps.Account, P(new(T)).kind(), behind, batch)
			if err != nil {
				return err
			}
			for _, config := range configs {
				e := P(new(T))
				if err := decode(config, e); err != nil {
					return err
				}
				behind = key(e.common().Name)
				if keep == nil || keep(e) {
					rows = append(rows, e)
				}
			}
			if len(configs) < batch || len(rows) > p.Limit {
				return nil
			}
		}
	})
	if err != nil {
		return nil, nil, nil, err
	}
	page, last := pagetoken.Cut(p, rows, func(e P) string { return key(e.common().Name) })
	truncated, marker, err = more(ctx, p, last)
	return page, truncated, marker, err
}

// below accepts entities whose path begins with prefix.
func below[E entity](prefix *string) func(E) bool {
	return func(e E) bool { return prefix == nil || strings.HasPrefix(e.common().Path, *prefix) }
}

func or(text *string, otherwise string) string {
	if text == nil {
		return otherwise
	}
	return *text
}
