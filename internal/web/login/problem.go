package login

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/obs"
	"cognate/internal/core/guard"
	"cognate/internal/web/login/screen"
)

// problem is why a page is shown again: what it says, and at which field.
type problem struct {
	status int
	text   screen.Text
	field  string                 // "" for the whole form
	also   map[string]screen.Text // at other fields
	// over means that the way through the pages has ended: the session is used up or too old.
	over bool
}

// keySpent is the text for a session that is used up: by its answer, or by wrong ones.
const keySpent = "timeout.spent"

// judge is what an AWS exception means on a page; nil for what is no refusal.
func judge(ctx context.Context, err error, field string) *problem {
	if p := impossible(err); p != nil {
		obs.From(ctx).Outcome = "ValidationError"
		return p
	}
	var e rt.Exception
	if !errors.As(err, &e) || e.Fault() {
		return nil
	}
	obs.From(ctx).Outcome = e.ErrorCode()
	p := &problem{status: http.StatusBadRequest, text: screen.Exception(e.ErrorCode(), e.ErrorMessage())}
	switch e.(type) {
	case *cognitoidp.CodeMismatchException, *cognitoidp.ExpiredCodeException, *cognitoidp.EnableSoftwareTokenMFAException:
		p.field = field
	case *cognitoidp.InvalidPasswordException, *cognitoidp.PasswordHistoryPolicyViolationException:
		p.field = "password"
	case *cognitoidp.NotAuthorizedException:
		p.over = p.text.Key == "timeout.again" || p.text.Key == keySpent
	}
	if locked := guard.IsLocked(err); locked || p.text.Key == "limit.now" { // a lock is told by exceptions of other kinds too
		p.status, p.text, p.field = http.StatusTooManyRequests, later(ctx, locked), ""
	}
	return p
}

// later says when a lock or a limit lets somebody try again; of a code that was guessed too often, that there has to be
// another one.
func later(ctx context.Context, locked bool) screen.Text {
	after, key, unit := obs.From(ctx).After, "limit.hours", time.Hour
	switch {
	case after <= 0 && locked:
		return screen.Say("limit.code")
	case after <= 0:
		return screen.Say("limit.now")
	case after <= 2*time.Minute:
		key, unit = "limit.seconds", time.Second
	case after <= 2*time.Hour:
		key, unit = "limit.minutes", time.Minute
	}
	return screen.Say(key, "count", strconv.FormatInt(int64((after+unit-1)/unit), 10))
}

// alert is the problem on top of the page, or nothing where a field tells it.
func (p *problem) alert() *screen.Alert {
	if p == nil || p.field != "" {
		return nil
	}
	return &screen.Alert{Kind: screen.AlertError, Text: p.text}
}

// at is the text at a field, nothing where it is not about it.
func (p *problem) at(field string) screen.Text {
	switch {
	case p == nil:
		return screen.Text{}
	case p.field == field:
		return p.text
	}
	return p.also[field]
}

func (p *problem) code() int {
	if p == nil {
		return http.StatusOK
	}
	return p.status
}

// missing is the problem of a field that was left empty.
func missing(field, key string) *problem {
	return &problem{status: http.StatusBadRequest, field: field, text: screen.Say(key)}
}

// empty adds the problem of a field to those of others, unless it was filled in.
func (p *problem) empty(form url.Values, field, key string) *problem {
	switch {
	case strings.TrimSpace(form.Get(field)) != "":
		return p
	case p == nil:
		return missing(field, key)
	case p.also == nil:
		p.also = map[string]screen.Text{}
	}
	p.also[field] = screen.Say(key)
	return p
}

// addressKinds are the texts about addresses of a wrong form, and which attributes they are about.
var addressKinds = map[string]string{"wrong.email": "email", "wrong.phone": "phone_number"}
