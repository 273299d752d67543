package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/challenge"
	"cognate/internal/core/trigger"
)

// customState is what the functions of a custom sign-in are told. It stays on the server, sealed: private challenge
// parameters are the answers, and a history has no bound that a session could hold. challenge.Progress.Custom names it.
type customState struct {
	Typed   string            `json:"t"` // name of the first hop, as events show it for nobody
	History []trigger.Step    `json:"h"`
	Private map[string]string `json:"p,omitempty"`
	Meta    *string           `json:"m,omitempty"` // of the open custom challenge
	Seen    int               `json:"s,omitempty"` // how many proven methods the history tells

	id   string // of the row, "" for none
	over bool   // the functions have decided for the last time
}

// flowLife is how long a custom sign-in waits for the factors that the server asks for in between; their own sessions
// expire earlier.
const flowLife = time.Hour

// row is the id of the row that the next step takes away, "" for none.
func (c *customState) row() string {
	if c == nil {
		return ""
	}
	return c.id
}

func (c *customState) dropped() {
	if c != nil {
		c.id = ""
	}
}

// tell adds steps to the history.
func (c *customState) tell(steps ...trigger.Step) {
	c.History = append(c.History[:len(c.History):len(c.History)], steps...)
}

// keep prepares the row of a custom sign-in that goes on after the challenge of st, and names it in st. It returns nil
// when there is none to write.
func (e *Engine) keep(ctx context.Context, s *signIn, st *challenge.State, q posing) (func(*db.Tx) error, error) {
	if s.custom == nil || s.custom.over {
		return nil, nil
	}
	next := *s.custom
	next.Private, next.Meta, next.Seen = nil, nil, len(s.progress.Proven)
	if q.kept != nil {
		next.Private, next.Meta = q.kept.Private, q.kept.Meta
	}
	plain, err := json.Marshal(next)
	if err != nil {
		return nil, fmt.Errorf("custom state: %w", err)
	}
	st.Custom = st.ID
	sealed, err := e.Keys.Seal(ctx, st.Pool, plain, "signin_custom", "state", st.ID)
	expires := st.ExpiresAt
	switch cognitoidp.ChallengeNameType(st.Step) {
	case cognitoidp.ChallengeNameTypeCustomChallenge, cognitoidp.ChallengeNameTypePasswordVerifier:
	default: // further sessions follow before the functions go on
		expires = e.now().Add(flowLife).UnixMilli()
	}
	return func(tx *db.Tx) error { return insertCustom(tx, st.Pool, st.ID, s.sub, sealed, expires) }, err
}

// load reads what keep stored. Only the functions' next turn takes it away, so without it the session was used.
func (e *Engine) load(ctx context.Context, s *signIn) error {
	id := s.progress.Custom
	var sealed []byte
	err := e.DB.Read(ctx, func(tx *db.Tx) (err error) {
		sealed, err = readCustom(tx, s.Pool.ID, id)
		return err
	})
	if errors.Is(err, db.ErrNoRows) {
		obs.Cause(ctx, "no state is kept for the session")
		return challenge.Refusal(ctx, challenge.ErrSpent)
	}
	if err != nil {
		return err
	}
	plain, err := e.Keys.Open(ctx, s.Pool.ID, sealed, "signin_custom", "state", id)
	if err != nil {
		return err
	}
	c := &customState{id: id}
	if err := json.Unmarshal(plain, c); err != nil {
		return fmt.Errorf("custom state: %w", err)
	}
	s.custom, s.name = c, c.Typed
	return nil
}
