package directory

import (
	"context"
	"errors"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/pagetoken"
	"cognate/internal/core/pool"
)

// scanLimit bounds how many users one page of a scan looks at. Such a page may be short or empty and still carry a
// token, which AWS announces for ListUsers as well.
const scanLimit = 10 * pageSize

// ListUsers implements the AWS operation. Filtered users come in order of the filter's attribute, all users in order of
// sub; a page reads one index range, however many users there are.
func (o Ops) ListUsers(ctx context.Context, in *cognitoidp.ListUsersRequest) (*cognitoidp.ListUsersResponse, error) {
	p, err := o.Pools.PoolOrRefuse(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	f, err := parseFilter(value(in.Filter))
	if err != nil {
		return nil, filterRefusal(err)
	}
	if err := checkAttributesToGet(p, in.AttributesToGet); err != nil {
		return nil, err
	}
	binding := pagetoken.Binding("ListUsers", append([]string{value(in.Filter)}, in.AttributesToGet...)...)
	at, err := o.page(ctx, p, binding, in.PaginationToken, in.Limit)
	if err != nil {
		return nil, err
	}
	var page userPage
	err = o.DB.View(ctx, func(tx *db.Tx) (err error) {
		page, err = listPage(tx, p.ID, f, at.After, at.Limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &cognitoidp.ListUsersResponse{Users: make([]cognitoidp.UserType, 0, len(page.users))}
	for _, u := range page.users {
		t := u.Type()
		if in.AttributesToGet != nil {
			if t.Attributes, err = pick(u, in.AttributesToGet); err != nil {
				return nil, err
			}
		}
		out.Users = append(out.Users, t)
	}
	out.PaginationToken, err = at.Next(ctx, page.next)
	return out, err
}

// userPage is one page of users and the cursor after it, "" at the end.
type userPage struct {
	users []*User
	next  string
}

// listPage reads one page in the way that suits the filter.
func listPage(tx *db.Tx, poolID string, f filter, cursor string, limit int) (userPage, error) {
	switch {
	case f.Attribute == searchSub && (!f.Prefix || len(f.Value) >= len("00000000-0000-0000-0000-000000000000")):
		return oneUser(tx, poolID, f.Value)
	case f.scans():
		return scanPage(tx, poolID, f, cursor, limit)
	}
	return searchPage(tx, poolID, f, cursor, limit)
}

// oneUser is the page of the user with the sub, if any.
func oneUser(tx *db.Tx, poolID, sub string) (page userPage, err error) {
	if !isUUID(sub) {
		return page, nil
	}
	r, err := readUser(tx, poolID, sub)
	if errors.Is(err, db.ErrNoRows) {
		return page, nil
	}
	if err != nil {
		return page, err
	}
	u, err := r.user(tx, poolID)
	page.users = []*User{u}
	return page, err
}

// scanPage walks the users by sub. The cursor is the last sub that was looked at.
func scanPage(tx *db.Tx, poolID string, f filter, last string, limit int) (page userPage, err error) {
	end := ""
	if f.Attribute == searchSub {
		prefix := searchKey(f.Value)
		last, end = max(last, prefix), after(prefix) // no sub is as short as the prefix itself
	}
	for looked := 0; looked < scanLimit; {
		rows, err := pageUsers(tx, poolID, last, end, limit+1)
		if err != nil {
			return page, err
		}
		for i, r := range rows {
			if len(page.users) == limit || i == limit {
				break
			}
			u, err := r.user(tx, poolID)
			if err != nil {
				return page, err
			}
			if last = r.sub; f.matches(u) {
				page.users = append(page.users, u)
			}
			looked++
		}
		switch {
		case len(rows) == 0 || len(rows) <= limit && last == rows[len(rows)-1].sub:
			return page, nil
		case len(page.users) == limit:
			page.next = last
			return page, nil
		}
	}
	page.next = last
	return page, nil
}

// searchPage reads a range of search rows and then their users. The cursor is the last row that was looked at.
func searchPage(tx *db.Tx, poolID string, f filter, cursor string, limit int) (page userPage, err error) {
	from := searchKey(compareForm(f.Attribute, f.Value))
	end := from + "\x01" // the least text above from: no key has a NUL
	if f.Prefix {
		end = after(from)
	}
	key, sub, _ := strings.Cut(cursor, "\x00")
	hits, err := pageSearch(tx, poolID, f.Attribute, from, end, searchHit{key, sub}, limit+1)
	if err != nil {
		return page, err
	}
	if len(hits) > limit {
		hits = hits[:limit]
		page.next = hits[limit-1].key + "\x00" + hits[limit-1].sub
	}
	subs := make([]string, len(hits))
	for i, h := range hits {
		subs[i] = h.sub
	}
	if len(subs) == 0 {
		return page, nil
	}
	rows, err := readUsers(tx, poolID, subs)
	if err != nil {
		return page, err
	}
	for _, sub := range subs {
		u, err := listed(rows, sub, poolID)
		if errors.Is(err, ErrUserNotFound) {
			continue
		}
		if err != nil {
			return page, err
		}
		if f.matches(u) { // long values share a search key
			page.users = append(page.users, u)
		}
	}
	return page, nil
}

// listed decodes the row of a user that a list names.
func listed(rows map[string]record, sub, poolID string) (*User, error) {
	r, ok := rows[sub]
	if !ok {
		return nil, ErrUserNotFound
	}
	return r.user(nil, poolID)
}

// checkAttributesToGet refuses names that the pool does not know.
func checkAttributesToGet(p *pool.Pool, names []string) error {
	for _, name := range names {
		if _, ok := p.Schema.Attr(name); !ok {
			return errUnknownAttributes()
		}
	}
	return nil
}

// pick returns the named attributes of a user. Users may lack those that can be searched; of the others AWS wants every
// user to have a value.
func pick(u *User, names []string) ([]cognitoidp.AttributeType, error) {
	out := []cognitoidp.AttributeType{}
	for _, name := range names {
		v, ok := u.Attributes[name]
		if name == "sub" {
			v, ok = u.Sub, true
		}
		if !ok {
			if _, lenient := searchable[name]; lenient {
				continue
			}
			return nil, errUnknownAttributes()
		}
		out = append(out, cognitoidp.AttributeType{Name: name, Value: &v})
	}
	return out, nil
}

func errUnknownAttributes() error {
	return cognitoidp.NewInvalidParameter("One or more requested attributes do not exist.")
}

// filterRefusal renders the errors of parseFilter.
func filterRefusal(err error) error {
	var bad *filterAttributeError
	if errors.As(err, &bad) {
		return cognitoidp.NewInvalidParameter("Invalid search attribute: %s", bad.name)
	}
	return cognitoidp.NewInvalidParameter("Error while parsing filter.")
}

// pageLimit reads a Limit member: absent and 0 mean the largest page.
func pageLimit(in *int64) int {
	if n := value(in); n > 0 && n < pageSize {
		return int(n)
	}
	return pageSize
}

// page reads Limit and the page token of a request.
func (d *Directory) page(ctx context.Context, p *pool.Pool, binding string, token *string, limit *int64) (pagetoken.Page, error) {
	tokens := pagetoken.Tokens{Keys: d.Keys, Now: d.now}
	page, err := tokens.Page(ctx, p.ID, binding, token, pageLimit(limit))
	if errors.Is(err, pagetoken.ErrInvalid) {
		err = InvalidPaginationToken()
	}
	return page, err
}
