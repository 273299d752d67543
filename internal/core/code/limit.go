package code

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"

	"cognate/internal/base/db"
)

// Rule is one of Cognito's limits per user.
type Rule struct {
	Action string
	Max    int
	Per    time.Duration
}

// The hourly limits per user of Cognito's quotas page. ForgotPassword and ConfirmForgotPassword share one, whose range
// AWS gives as 5 to 20 depending on risk.
var (
	LimitForgotPassword  = Rule{"ForgotPassword", 20, time.Hour}
	LimitResend          = Rule{"ResendConfirmationCode", 5, time.Hour}
	LimitConfirmSignUp   = Rule{"ConfirmSignUp", 15, time.Hour}
	LimitChangePassword  = Rule{"ChangePassword", 5, time.Hour}
	LimitAttributeCode   = Rule{"GetUserAttributeVerificationCode", 5, time.Hour}
	LimitVerifyAttribute = Rule{"VerifyUserAttribute", 15, time.Hour}
	// LimitChangedAttribute bounds the codes that changing an address sends; AWS names no number for it.
	LimitChangedAttribute = Rule{"UpdateUserAttributes", 20, time.Hour}
)

// Allow is Limit for a rule of the table.
func (c *Codes) Allow(tx *db.Tx, poolID, key string, r Rule) error {
	return c.Limit(tx, poolID, key, r.Action, r.Max, r.Per)
}

// Peek returns what Allow would, and counts nothing.
func (c *Codes) Peek(tx *db.Tx, poolID, key string, r Rule) error {
	rowID, err := c.limitID(tx, poolID, key, r.Action)
	if err != nil {
		return err
	}
	uses, _, err := getUses(tx, poolID, rowID)
	if err == nil && len(after(uses, c.clock.Milli()-r.Per.Milliseconds()))/8 >= r.Max {
		err = ErrLimited
	}
	return err
}

// limitID names the row of a limit. Names that people typed do not belong into a table of their own, so it is a keyed
// hash.
func (c *Codes) limitID(tx *db.Tx, poolID, key, action string) (string, error) {
	sum, err := c.keys.MAC(tx.Context(), poolID, "code_limit", action, key)
	if err != nil {
		return "", fmt.Errorf("code: limit: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(sum[:18]), nil
}

// Limit counts one use of action by key, the sub of a user or the normalised name of an unknown one. It returns
// ErrLimited, and counts nothing, when the last max uses all lie within per. The window slides exactly: the times of
// the last uses are kept. The use is counted when the transaction commits.
func (c *Codes) Limit(tx *db.Tx, poolID, key, action string, max int, per time.Duration) error {
	rowID, err := c.limitID(tx, poolID, key, action)
	if err != nil {
		return err
	}
	now := c.clock.Milli()
	for {
		uses, version, err := getUses(tx, poolID, rowID)
		if err != nil {
			return err
		}
		recent := after(uses, now-per.Milliseconds())
		if len(recent)/8 >= max {
			return ErrLimited
		}
		recent = binary.BigEndian.AppendUint64(recent, uint64(now))
		done, err := putUses(tx, poolID, rowID, recent, version, now+per.Milliseconds())
		if err != nil || done {
			return err
		}
		// Another transaction counted meanwhile; look again. Every round means that somebody else got on, and max
		// bounds how often that can happen.
	}
}

// after returns a copy of the packed, ascending times without those at or before limit.
func after(uses []byte, limit int64) []byte {
	for len(uses) >= 8 && int64(binary.BigEndian.Uint64(uses)) <= limit {
		uses = uses[8:]
	}
	return append(make([]byte, 0, len(uses)+8), uses...)
}
