package directory

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"cognate/internal/api/cognitoidp"
)

// The pseudo attributes that a ListUsers filter may name besides real ones.
const (
	searchUsername = "username"
	searchSub      = "sub"
	searchStatus   = "status"
	searchState    = "cognito:user_status"
)

const (
	statusEnabled  = "Enabled"
	statusDisabled = "Disabled"
)

// searchKeyLimit is how many bytes of a value its search row holds. PostgreSQL refuses index entries above about 2,700
// bytes and an attribute may have 2,048 characters; longer values agree in their first bytes and are told apart by
// looking at the user.
const searchKeyLimit = 512

// searchable maps what a filter may name to whether it is compared without regard to case.
var searchable = map[string]bool{
	searchUsername: false, searchSub: false, searchStatus: false, searchState: true,
	"email": true, "phone_number": true, "name": true, "given_name": true, "family_name": true, "preferred_username": true,
}

// searchAttributes are the searchable attributes that come from User.Attributes.
var searchAttributes = [...]string{"email", "phone_number", "name", "given_name", "family_name", "preferred_username"}

// fold returns the form in which names that differ only in case or in compatible spelling are equal: NFKC and full
// Unicode case folding, repeated until nothing changes, because folding can leave a string that is not normalised.
func fold(s string) string {
	if plain(s) {
		return s
	}
	for range 4 {
		next := norm.NFKC.String(strings.Map(foldRune, cases.Fold().String(norm.NFKC.String(s))))
		if next == s {
			break
		}
		s = next
	}
	return s
}

// foldRune picks one character to stand for all that differ in case only: the first of them, or the small letter of
// ASCII. Full folding leaves some of them apart (small Cherokee letters, for one).
func foldRune(r rune) rune {
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	if 'A' <= least && least <= 'Z' {
		least += 'a' - 'A'
	}
	return least
}

// plain reports whether s is its own folded form at a glance: ASCII without capitals.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf || 'A' <= s[i] && s[i] <= 'Z' {
			return false
		}
	}
	return true
}

// compareForm returns value as filters on attribute compare it.
func compareForm(attribute, value string) string {
	if searchable[attribute] {
		return fold(value)
	}
	return value
}

// searchKey cuts the compared form of a value to what a search row holds. Databases refuse NUL in text; it cannot be typed in any
// client either, so it stands for the character after it.
func searchKey(form string) string {
	if strings.IndexByte(form, 0) >= 0 {
		form = strings.ReplaceAll(form, "\x00", "\x01")
	}
	return cut(form, searchKeyLimit)
}

// cut returns the longest prefix of s that has at most n bytes and ends between characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// after returns the smallest string that is greater than every string with the prefix p, "" when there is none.
func after(p string) string {
	for len(p) > 0 {
		r, size := utf8.DecodeLastRuneInString(p)
		p = p[:len(p)-size]
		switch {
		case r == utf8.MaxRune:
			continue
		case r == 0xD7FF: // the surrogates are not characters
			return p + "\uE000"
		}
		return p + string(r+1)
	}
	return ""
}

// searchRow is one row by which ListUsers finds a user.
type searchRow struct{ Attribute, Key string }

// searchRows returns the rows that u should have. Enabled and confirmed users have none for these two facts: nearly
// every user is both, and ListUsers answers those two filters from the users themselves.
func searchRows(u *User) []searchRow {
	rows := make([]searchRow, 0, 4)
	rows = append(rows, searchRow{searchUsername, searchKey(u.Username)})
	for _, name := range searchAttributes {
		if v := u.Attributes[name]; v != "" {
			rows = append(rows, searchRow{name, searchKey(compareForm(name, v))})
		}
	}
	if !u.Enabled {
		rows = append(rows, searchRow{searchStatus, statusDisabled})
	}
	if u.Status != cognitoidp.UserStatusTypeConfirmed {
		rows = append(rows, searchRow{searchState, searchKey(compareForm(searchState, string(u.Status)))})
	}
	return rows
}

// scans reports whether the filter is answered by walking the users in order of sub instead of a range of search rows:
// no filter, the sub itself, and the two facts that most users share.
func (f filter) scans() bool {
	switch f.Attribute {
	case "", searchSub:
		return true
	case searchStatus:
		return f.admits(statusEnabled)
	case searchState:
		return f.admits(string(cognitoidp.UserStatusTypeConfirmed))
	}
	return false
}

// matches reports whether u meets the condition.
func (f filter) matches(u *User) bool {
	switch f.Attribute {
	case "":
		return true
	case searchUsername:
		return f.admits(u.Username)
	case searchSub:
		return f.admits(u.Sub)
	case searchStatus:
		return f.admits(enabledText(u.Enabled))
	case searchState:
		return f.admits(string(u.Status))
	}
	v, ok := u.Attributes[f.Attribute]
	return ok && f.admits(v)
}

// admits reports whether a user whose value of the filter's attribute is value meets the condition.
func (f filter) admits(value string) bool {
	value, want := compareForm(f.Attribute, value), compareForm(f.Attribute, f.Value)
	if f.Prefix {
		return strings.HasPrefix(value, want)
	}
	return value == want
}

func enabledText(enabled bool) string {
	if enabled {
		return statusEnabled
	}
	return statusDisabled
}
