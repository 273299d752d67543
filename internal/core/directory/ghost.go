package directory

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
)

// longestUsername is the limit of user names in characters.
const longestUsername = 128

// GhostUsername is the user name that a name nobody has seems to belong to: the name itself, as it would be stored, or
// the ghost's sub where user names are subs and where the name could only be an alias of a user.
func GhostUsername(p *pool.Pool, name, ghost string) string {
	key := aliasKey(p, name)
	switch {
	case name == "", len(p.UsernameAttrs) > 0, utf8.RuneCountInString(key) > longestUsername, strings.HasPrefix(key, digestMark):
	case p.AliasAttrs.Has(kindEmail) && IsEmail(name), p.AliasAttrs.Has(kindPhone) && IsPhone(name):
	default:
		return key
	}
	return ghost
}

// Ghost is what a name seems to belong to where nobody has it, or where the client must not see who has.
type Ghost struct {
	*User
	name string
	seed []byte
}

// Ghost returns the ghost of an account: always the same, and as different from others as users are. u, if not nil, is the
// user who is hidden; the ghost has their addresses, or two operations would tell two addresses of one name. For nobody it
// is drawn from a secret of the pool which addresses there are, and which are verified.
func (d *Directory) Ghost(ctx context.Context, p *pool.Pool, name, sub string, u *User) (*Ghost, error) {
	seed, err := d.Keys.MAC(ctx, p.ID, "directory/ghost", sub)
	if err != nil {
		return nil, fmt.Errorf("directory: ghost: %w", err)
	}
	g := &Ghost{name: name, seed: seed, User: &User{
		PoolID: p.ID, Sub: sub, Username: GhostUsername(p, name, sub), Enabled: true,
		Status: cognitoidp.UserStatusTypeConfirmed, Attributes: map[string]string{},
	}}
	if u != nil {
		g.Attributes = maps.Clone(u.Attributes)
		return g, nil
	}
	for i, attr := range [...]string{kindEmail, kindPhone} {
		has, verified := seed[i]%4 > 0, seed[2+i]%4 == 0
		if attr == kindPhone {
			has = seed[i]%2 > 0
		}
		if p.AutoVerified.Has(attr) || len(p.AutoVerified) == 0 { // by a code, or by administrators
			verified = seed[2+i]%4 > 0
		}
		if has || isAddress(attr, name) || everybodyHas(p, attr) {
			g.Attributes[attr], g.Attributes[attr+"_verified"] = g.Address(attr), strconv.FormatBool(verified)
		}
	}
	return g, nil
}

// Draw is the n-th byte of the secret that a ghost is drawn from, for what other rooms make up; n is 0 to 15.
func (g *Ghost) Draw(n int) byte { return g.seed[16+n] }

// Address is an address of the ghost, made up where it has none.
func (g *Ghost) Address(attribute string) string {
	switch has := g.Attributes[attribute]; {
	case has != "":
		return has
	case isAddress(attribute, g.name):
		return g.name
	case attribute == kindPhone:
		return fmt.Sprintf("+1555%07d", binary.BigEndian.Uint32(g.seed[4:])%10_000_000)
	}
	return fmt.Sprintf("%s-%x@%s.invalid", g.mailbox(), g.seed[8:16], domains[g.seed[9]]) // nobody else's, since limits count by address
}

// mailbox is how a made-up address begins: as the name does, or by any letter.
func (g *Ghost) mailbox() string {
	letters := "abcdefghijklmnopqrstuvwxyz"
	if first := strings.ToLower(g.name[:min(1, len(g.name))]); first != "" && g.seed[8]%2 > 0 && strings.Contains(letters, first) {
		return first
	}
	return string(letters[int(g.seed[10])%len(letters)])
}

// domains are how the domains of made-up addresses begin: about as often as people have mailboxes there, and every letter
// sometimes. All that is ever shown of a domain is its first letter.
var domains = func() (list [256]string) {
	common := strings.Repeat("g", 100) + strings.Repeat("h", 16) + strings.Repeat("o", 16) + strings.Repeat("y", 16) + strings.Repeat("i", 12)
	for i := range list {
		if i < len(common) {
			list[i] = common[i : i+1]
		} else {
			list[i] = string(rune('a' + i%26))
		}
	}
	return list
}()

// isAddress reports whether a name has the form of an address.
func isAddress(attribute, name string) bool {
	return attribute == kindEmail && IsEmail(name) || attribute == kindPhone && IsPhone(name)
}

// everybodyHas reports whether every user of the pool has an attribute.
func everybodyHas(p *pool.Pool, name string) bool {
	return slices.Contains(p.Schema.Required(), name) || len(p.UsernameAttrs) == 1 && p.UsernameAttrs.Has(name)
}
