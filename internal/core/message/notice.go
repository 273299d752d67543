package message

import (
	"errors"
	"html"
	"log/slog"
	"strings"
	"time"

	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/code"
	"cognate/internal/core/pool"
)

// Kinds of notices: messages that carry no code but tell people what changed about how they prove who they are, so that
// a takeover is noticed. They are no messages of Cognito's; the inbox shows them with the prefix "Cognate_".
const (
	PasswordChanged      Kind = "PasswordChanged"
	EmailChanged         Kind = "EmailChanged" // goes to the address from before
	PhoneNumberChanged   Kind = "PhoneNumberChanged"
	MFAPreferenceChanged Kind = "MFAPreferenceChanged"
	SoftwareTokenAdded   Kind = "SoftwareTokenAdded" // or replaced
	SoftwareTokenRemoved Kind = "SoftwareTokenRemoved"
	PasskeyAdded         Kind = "PasskeyAdded"
	PasskeyRemoved       Kind = "PasskeyRemoved"
	DeviceRemembered     Kind = "DeviceRemembered"
	RecoveryCodesMade    Kind = "RecoveryCodesMade"
	RecoveryCodeUsed     Kind = "RecoveryCodeUsed"
)

// notices are the subjects and first sentences of notices.
var notices = map[Kind]struct{ subject, news string }{
	PasswordChanged:      {"Your password was changed", "The password of your account was changed."},
	EmailChanged:         {"Your e-mail address was changed", "The e-mail address of your account was changed."},
	PhoneNumberChanged:   {"Your phone number was changed", "The phone number of your account was changed."},
	MFAPreferenceChanged: {"Your second factors were changed", "The second factors of your account were changed."},
	SoftwareTokenAdded:   {"An authenticator app was set up", "An authenticator app was set up for your account."},
	SoftwareTokenRemoved: {"Your authenticator app was removed", "The authenticator app of your account was removed."},
	PasskeyAdded:         {"A passkey was added", "A passkey was added to your account."},
	PasskeyRemoved:       {"A passkey was removed", "A passkey was removed from your account."},
	DeviceRemembered:     {"A device is remembered now", "A device was added to the remembered devices of your account."},
	RecoveryCodesMade:    {"New recovery codes were made", "New recovery codes were made for your account. Older ones do not work any more."},
	RecoveryCodeUsed:     {"A recovery code was used", "A recovery code of your account was used in place of a second factor."},
}

// advice ends every notice.
const advice = "If this was you, there is nothing to do. If it was not, somebody else may have access to your account:" +
	" change your password and tell the people who run this service."

const (
	// noticeLimit is how many notices of one kind a user is sent in noticeWindow. Kinds are counted apart, so that
	// nobody can hide a change behind many others.
	noticeLimit  = 5
	noticeWindow = time.Hour
	// noticeLife is how long a notice is worth delivering.
	noticeLife = 7 * 24 * time.Hour
	// noticeWord is the most characters of a name that a notice shows.
	noticeWord = 64
)

// Limits counts what a user is sent; *code.Codes is one.
type Limits interface {
	// Limit counts a use of action by key in tx, or returns code.ErrLimited.
	Limit(tx *db.Tx, poolID, key, action string, max int, per time.Duration) error
}

// Notice is a change that its owner is told of.
type Notice struct {
	Kind          Kind
	Sub, Username string
	To            string // an e-mail address that the user has verified
	// Detail is a sentence about the change. It holds no secret, no whole address, and nothing that a user could have
	// written: whoever took over an account must not be able to put a text into a mail to its owner.
	Detail string
}

// Notify queues the mail of a notice in tx, which makes the change, so that both happen or neither. It goes out as the
// pool's e-mail does, except that functions (CustomMessage, CustomEmailSender) are not asked: Cognito has no such event.
// A notice beyond the hourly limit, or one that this server has no way to send, is dropped with a line in the log.
func (m *Messages) Notify(tx *db.Tx, p *pool.Pool, n Notice) error {
	if m.deps.Limits != nil {
		err := m.deps.Limits.Limit(tx, p.ID, n.Sub, "notice/"+string(n.Kind), noticeLimit, noticeWindow)
		if errors.Is(err, code.ErrLimited) {
			m.drop(tx, p, n, err)
			return nil
		}
		if err != nil {
			return err
		}
	}
	subject, body, err := m.compose(tx, p, n)
	if err != nil {
		return err
	}
	msg := Message{
		PoolID: p.ID, Sub: n.Sub, Username: n.Username, Kind: n.Kind, Medium: Email, To: n.To,
		Subject: subject, Body: htmlToText(body), HTML: body,
	}
	msg.sender(p.Config)
	err = m.Enqueue(tx.Context(), tx, msg)
	if errors.Is(err, ErrNoTransport) {
		m.drop(tx, p, n, err)
		return nil
	}
	return err
}

// compose writes the text of a notice: what, to which account, when, by which application and from where.
func (m *Messages) compose(tx *db.Tx, p *pool.Pool, n Notice) (subject, body string, err error) {
	request := obs.From(tx.Context())
	app := ""
	if request.Client != "" {
		if app, err = p.ClientName(tx, request.Client); err != nil {
			return "", "", err
		}
	}
	var facts []string
	fact := func(name, value string) {
		if value != "" {
			facts = append(facts, name+": "+html.EscapeString(word(value)))
		}
	}
	if n.Username != n.Sub { // else nobody knows it
		fact("Account", n.Username)
	}
	fact("Time", m.deps.Clock.Now().UTC().Format("2 January 2006, 15:04:05 UTC"))
	fact("Application", app)
	switch {
	case !request.Principal.IsZero(): // the caller is a server, whose address says nothing
		if app == "" {
			fact("Changed by", "an administrator")
		}
	case request.ClientIP.IsValid():
		fact("IP address", request.ClientIP.String())
	}
	text := notices[n.Kind]
	news := strings.TrimSpace(text.news + " " + n.Detail)
	body = "<p>" + html.EscapeString(news) + "</p>\n<p>" + strings.Join(facts, "<br>") + "</p>\n<p>" + advice + "</p>\n"
	return text.subject, body, nil
}

// word makes a name fit for a line of its own.
func word(s string) string {
	runes := []rune(oneLine(s))
	if len(runes) > noticeWord {
		return string(runes[:noticeWord-1]) + "…"
	}
	return string(runes)
}

// drop tells the log, once the change is made, that its owner is not told.
func (m *Messages) drop(tx *db.Tx, p *pool.Pool, n Notice, why error) {
	requestID := obs.From(tx.Context()).ID
	tx.AfterCommit(func() {
		m.deps.Log.Warn("notice dropped", slog.String("requestId", requestID), slog.String("pool", p.ID),
			slog.String("user", n.Sub), slog.String("kind", string(n.Kind)), slog.Any("error", why))
	})
}

// source is the name by which inbox and webhook know a kind.
func (k Kind) source() string {
	if _, notice := notices[k]; notice {
		return "Cognate_" + string(k)
	}
	return "CustomMessage_" + string(k)
}
