package code

import (
	"encoding/base64"
	"fmt"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/base/limit"
	"cognate/internal/base/obs"
)

// Rule is one of Cognito's limits per user.
type Rule struct {
	Action string
	Max    int
	Per    time.Duration
}

// The hourly limits per user of Cognito's quotas page. AWS gives those of ForgotPassword and ConfirmForgotPassword as 5 to
// 20 together, depending on risk. Here each has its own, or asking for codes would keep the owner from using one.
var (
	LimitForgotPassword  = Rule{"ForgotPassword", 20, time.Hour}
	LimitConfirmForgot   = Rule{"ConfirmForgotPassword", 5, time.Hour}
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

// Return takes back what Allow counted: the use was reserved for a guess that turned out right.
func (c *Codes) Return(tx *db.Tx, poolID, key string, r Rule) error {
	window := limit.Window{Max: r.Max, Per: r.Per}
	return c.change(tx, poolID, key, r.Action, window, func(uses []byte, _ int64) ([]byte, bool) { return window.Return(uses), true })
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
// ErrLimited, and counts nothing, when the last max uses all lie within per. The use is counted when the transaction
// commits.
func (c *Codes) Limit(tx *db.Tx, poolID, key, action string, max int, per time.Duration) error {
	window := limit.Window{Max: max, Per: per}
	return c.change(tx, poolID, key, action, window, window.Use)
}

// change writes the uses of an action by a key; ErrLimited when use says that there are too many.
func (c *Codes) change(tx *db.Tx, poolID, key, action string, window limit.Window, use func(uses []byte, now int64) ([]byte, bool)) error {
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
		next, ok := use(uses, now)
		if !ok {
			obs.From(tx.Context()).After = window.After(uses, now)
			return ErrLimited
		}
		done, err := putUses(tx, poolID, rowID, next, version, window.Until(now))
		if err != nil || done {
			return err
		}
		// Another transaction counted meanwhile; look again. Every round means that somebody else got on, and the window
		// bounds how often that can happen.
	}
}
