package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/challenge"
	"cognate/internal/core/trigger"
)

// customState is what a custom sign-in remembers between two hops. It stays on
// the server, sealed: private challenge parameters are the answers.
type customState struct {
	Typed   string            `json:"t"`
	History []trigger.Step    `json:"h"`
	Private map[string]string `json:"p,omitempty"`
	Meta    *string           `json:"m,omitempty"` // of the open custom challenge
	AMR     []string          `json:"a,omitempty"` // what was proven besides custom challenges
	Device  string            `json:"d,omitempty"` // key of the device that has proven itself
}

// keepCustom spends the answered session and stores the state of the next one.
func (e *Engine) keepCustom(ctx context.Context, a *attempt, c *customState, step cognitoidp.ChallengeNameType, answered *challenge.State) (string, error) {
	st := e.newState(a.Request, step)
	st.Sub = a.account
	session, err := e.Sessions.Seal(ctx, st) // draws the id
	if err != nil {
		return "", err
	}
	return session, e.storeCustom(ctx, a.Pool.ID, st, c, answered)
}

func (e *Engine) storeCustom(ctx context.Context, poolID string, st *challenge.State, c *customState, answered *challenge.State) error {
	sealed, err := e.sealCustom(ctx, poolID, st.ID, c)
	if err != nil {
		return err
	}
	return e.DB.Update(ctx, func(tx *db.Tx) error {
		if err := e.spend(tx, answered); err != nil {
			return err
		}
		if answered != nil {
			if err := deleteCustom(tx, poolID, answered.ID); err != nil {
				return err
			}
		}
		return insertCustom(tx, poolID, st.ID, sealed, st.ExpiresAt)
	})
}

func (e *Engine) sealCustom(ctx context.Context, poolID, id string, c *customState) ([]byte, error) {
	plain, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("custom state: %w", err)
	}
	return e.Keys.Seal(ctx, poolID, plain, "signin_custom", "state", id)
}

// loadCustom reads what keepCustom stored for a session. Only an answer takes it
// away, so without it the session was used.
func (e *Engine) loadCustom(ctx context.Context, poolID, id string) (*customState, error) {
	var sealed []byte
	err := e.DB.Read(ctx, func(tx *db.Tx) (err error) {
		sealed, err = readCustom(tx, poolID, id)
		return err
	})
	if errors.Is(err, db.ErrNoRows) {
		obs.Cause(ctx, "no state is kept for the session")
		return nil, errSessionUsed()
	}
	if err != nil {
		return nil, err
	}
	plain, err := e.Keys.Open(ctx, poolID, sealed, "signin_custom", "state", id)
	if err != nil {
		return nil, err
	}
	c := &customState{}
	if err := json.Unmarshal(plain, c); err != nil {
		return nil, fmt.Errorf("custom state: %w", err)
	}
	return c, nil
}

// takeCustom spends a session and forgets the answers that were kept for it.
func (e *Engine) takeCustom(ctx context.Context, st *challenge.State) error {
	return e.DB.Update(ctx, func(tx *db.Tx) error {
		if err := e.spend(tx, st); err != nil {
			return err
		}
		return deleteCustom(tx, st.Pool, st.ID)
	})
}
