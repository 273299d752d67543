package pool

import (
	"errors"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
)

// TagChangeNotices is the tag by which a pool tells users by e-mail when something about how they prove who they are
// has changed, beyond what Cognito offers: on, or off, which is the default.
const TagChangeNotices = "cognate:change-notices"

// ChangeNotices reports whether users are told by e-mail what changes about how they prove who they are.
func (p *Pool) ChangeNotices() bool { return p.Config.UserPoolTags[TagChangeNotices] == "on" }

// badNotices explains a value of TagChangeNotices that is neither on nor off; empty when nothing is wrong.
func badNotices(tags map[string]string) string {
	switch v := tags[TagChangeNotices]; v {
	case "", "on", "off":
		return ""
	default:
		return "The tag " + TagChangeNotices + " must be on or off; not " + v
	}
}

// ClientName is the name of an app client of the pool, "" when the pool has no such client. It reads one row.
func (p *Pool) ClientName(tx *db.Tx, clientID string) (string, error) {
	row, err := readClient(tx, clientID)
	if errors.Is(err, ErrClientNotFound) || err == nil && row.poolID != p.ID {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	var c cognitoidp.UserPoolClientType
	if err := c.UnmarshalJSON([]byte(row.config)); err != nil {
		return "", err
	}
	return str(c.ClientName), nil
}
