package pagetoken

import "context"

// Page is the page of a list that a request asks for.
type Page struct {
	After string // the cursor that it starts behind, "" for the beginning
	Limit int

	tokens         Tokens
	scope, binding string
}

// Page reads the token of a request, nil for the first page: ErrInvalid when it does not continue the query of binding.
func (t Tokens) Page(ctx context.Context, scope, binding string, token *string, limit int) (Page, error) {
	p := Page{Limit: limit, tokens: t, scope: scope, binding: binding}
	if token == nil {
		return p, nil
	}
	var err error
	p.After, err = t.Open(ctx, scope, binding, *token)
	return p, err
}

// Next is the token that continues behind cursor; nil for "", which is the end of the list.
func (p Page) Next(ctx context.Context, cursor string) (*string, error) {
	if cursor == "" {
		return nil, nil
	}
	token, err := p.tokens.Seal(ctx, p.scope, p.binding, cursor)
	if err != nil {
		return nil, err
	}
	return &token, nil
}

// Cut takes a page off rows that were read behind p.After, of which there are more than Limit when the list goes on;
// cursor is that of the last row of the page then, else "".
func Cut[T any](p Page, rows []T, cursor func(T) string) (page []T, last string) {
	if len(rows) <= p.Limit {
		return rows, ""
	}
	rows = rows[:p.Limit]
	return rows, cursor(rows[p.Limit-1])
}
