package login

import (
	"context"
	"errors"
	"net/http"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/obs"
	"cognate/internal/web/login/screen"
)

// problem is why a page is shown again: what it says, and at which field.
type problem struct {
	status int
	text   screen.Text
	field  string // "" for the whole form
	// over means that the way through the pages has ended: the session is used up or too old.
	over bool
}

// judge is what an AWS exception means on a page; nil for what is no refusal.
func judge(ctx context.Context, err error, field string) *problem {
	var e rt.Exception
	if !errors.As(err, &e) || e.Fault() {
		return nil
	}
	obs.From(ctx).Outcome = e.ErrorCode()
	p := &problem{status: http.StatusBadRequest, text: screen.Exception(e.ErrorCode(), e.ErrorMessage())}
	switch e.(type) {
	case *cognitoidp.TooManyRequestsException, *cognitoidp.LimitExceededException, *cognitoidp.TooManyFailedAttemptsException:
		p.status = http.StatusTooManyRequests
	case *cognitoidp.CodeMismatchException, *cognitoidp.ExpiredCodeException, *cognitoidp.EnableSoftwareTokenMFAException:
		p.field = field
	case *cognitoidp.InvalidPasswordException, *cognitoidp.PasswordHistoryPolicyViolationException:
		p.field = "password"
	case *cognitoidp.NotAuthorizedException:
		p.over = p.text.Key == "timeout.again"
	}
	if p.text.Key == "limit.now" { // a lock is told by an exception of another kind
		p.status = http.StatusTooManyRequests
	}
	return p
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
	if p == nil || p.field != field {
		return screen.Text{}
	}
	return p.text
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
