package login

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"cognate/internal/core/authorization"
	"cognate/internal/web/site"
)

// sessionCookie holds which managed-login sessions a browser has, the one used last first. It has the name that Cognito
// gives it. How long a session signs somebody in is written with the session; the cookie only has to live as long.
func sessionCookie(life time.Duration) site.Cookie { return site.Cookie{Name: "cognito", Life: life} }

// maxAccounts is how many accounts of a pool a browser is signed in with at once.
const maxAccounts = 5

// sessions are the sessions that the browser's cookie names.
func (h *handler) sessions(ctx context.Context, r *site.Request) ([]authorization.Session, error) {
	value, err := h.Cookies.Peek(ctx, r, sessionCookie(0))
	if errors.Is(err, site.ErrNoCookie) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []authorization.Session
	if json.Unmarshal(value, &out) != nil || len(out) > maxAccounts {
		return nil, nil
	}
	return out, nil
}

// keep is the cookie that names a new session before those of other users that the browser has already.
func (h *handler) keep(ctx context.Context, v *visit, first authorization.Session, have []authorization.Session) (*http.Cookie, error) {
	all := []authorization.Session{first}
	for _, s := range have {
		if s.Sub != first.Sub && len(all) < maxAccounts {
			all = append(all, s)
		}
	}
	return h.name(ctx, v, all)
}

func (h *handler) name(ctx context.Context, v *visit, all []authorization.Session) (*http.Cookie, error) {
	value, err := json.Marshal(all)
	if err != nil {
		return nil, err
	}
	return h.Cookies.Seal(ctx, v.r.Place, sessionCookie(v.q.Pool.SSOLife()), value)
}
