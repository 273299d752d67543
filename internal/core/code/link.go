package code

import (
	"crypto/subtle"
	"fmt"
	"strings"
	"time"

	"cognate/internal/base/db"
)

// linkSecret is how long the random part of a link's secret is. Nobody guesses its 268 bits, so that tries need no
// counting.
const linkSecret = 52

// maxSub is the length of a sub, a UUID.
const maxSub = 36

// linkMark begins the kind of a link that does what a code of the kind behind it does.
const linkMark = "link:"

// IssueLink makes the secret of a link and replaces an older one of the same kind. The link is good for the client that
// it was asked through, and for as long as a code of the kind. Like a code the secret is kept nowhere.
func (c *Codes) IssueLink(tx *db.Tx, poolID, sub, clientID string, kind Kind, dest Destination) (string, error) {
	random, link := c.ids.ClientSecret(), linkMark+kind
	hash, err := c.hash(tx.Context(), poolID, sub, link, clientID+" "+random)
	if err != nil {
		return "", err
	}
	return random + "." + sub, c.put(tx, poolID, sub, link, hash, dest, kind.TTL())
}

// Follow returns whose link a secret is from and where it was sent; ErrExpired when it is nobody's, another client's, or
// its time is over. The link stays as good as before: what it does must be such that doing it once more changes nothing,
// because mail scanners and people open links twice.
func (c *Codes) Follow(tx *db.Tx, poolID, clientID string, kind Kind, secret string) (sub string, dest Destination, err error) {
	random, sub, _ := strings.Cut(secret, ".")
	if len(random) != linkSecret || len(sub) > maxSub {
		return "", Destination{}, ErrExpired
	}
	link := linkMark + kind
	hash, err := c.hash(tx.Context(), poolID, sub, link, clientID+" "+random)
	if err != nil {
		return "", Destination{}, err
	}
	row, err := getCode(tx, poolID, sub, link)
	switch {
	case err != nil:
		return "", Destination{}, err
	case subtle.ConstantTimeCompare(hash, row.hash) != 1 || row.expires <= c.clock.Milli():
		return "", Destination{}, ErrExpired
	}
	dest, err = c.openDestination(tx.Context(), poolID, sub, link, row.destination)
	return sub, dest, err
}

// put writes what was issued.
func (c *Codes) put(tx *db.Tx, poolID, sub string, kind Kind, hash []byte, dest Destination, ttl time.Duration) error {
	sealed, err := c.sealDestination(tx.Context(), poolID, sub, kind, dest)
	if err != nil {
		return err
	}
	now := c.clock.Milli()
	row := record{hash: hash, destination: sealed, expires: now + ttl.Milliseconds()}
	if err := putCode(tx, poolID, sub, kind, row, now); err != nil {
		return fmt.Errorf("code: issue: %w", err)
	}
	return nil
}
