package signin

import (
	"context"
	"encoding/json"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/challenge"
	"cognate/internal/core/device"
	"cognate/internal/core/factor"
	"cognate/internal/core/trigger"
)

// customSRP goes through the password step that a custom sign-in began with.
func (e *Engine) customSRP(ctx context.Context, a *attempt, c *customState) (*Answer, error) {
	st := e.newState(a.Request, cognitoidp.ChallengeNameTypePasswordVerifier)
	st.Data = json.RawMessage(`{"custom":true}`)
	answer, err := e.srpChallenge(ctx, a, st)
	if err != nil {
		return nil, err
	}
	return answer, e.storeCustom(ctx, a.Pool.ID, st, c, nil)
}

// respondCustomSRP takes the proof of the password step to DefineAuthChallenge.
func (e *Engine) respondCustomSRP(ctx context.Context, a *attempt, proven bool, st *challenge.State) (*Answer, error) {
	c, err := e.loadCustom(ctx, a.Pool.ID, st.ID)
	if err != nil {
		return nil, err
	}
	if err := e.firstFactor(ctx, a, proven, st); err != nil {
		return nil, err
	}
	a.typed = c.Typed
	next := *c
	next.AMR = a.amr
	next.History = append(next.History[:len(next.History):len(next.History)],
		trigger.Step{Name: string(cognitoidp.ChallengeNameTypePasswordVerifier), Result: true})
	first := a.user.Status == cognitoidp.UserStatusTypeForceChangePassword // a new password comes before other factors
	if first || e.next(a).Done() && !device.MustProve(a.Pool, a.device) {
		return e.define(ctx, a, &next, st)
	}
	return e.pauseCustom(ctx, a, &next, st)
}

// flowLife is how long a custom sign-in waits for the factors that the server
// asks for in between; their own sessions expire earlier.
const flowLife = time.Hour

// pauseCustom asks for the second factor or the device before the functions go
// on: on AWS these follow the password, without DefineAuthChallenge being asked.
func (e *Engine) pauseCustom(ctx context.Context, a *attempt, c *customState, st *challenge.State) (*Answer, error) {
	sealed, err := e.sealCustom(ctx, a.Pool.ID, st.ID, c)
	if err != nil {
		return nil, err
	}
	a.flow = st.ID
	return e.finish(ctx, a, st, func(tx *db.Tx) error {
		if err := deleteCustom(tx, a.Pool.ID, st.ID); err != nil {
			return err
		}
		return insertCustom(tx, a.Pool.ID, st.ID, sealed, e.now().Add(flowLife).UnixMilli())
	})
}

// resumeCustom tells DefineAuthChallenge what was proven since pauseCustom.
func (e *Engine) resumeCustom(ctx context.Context, a *attempt, answered *challenge.State) (*Answer, error) {
	c, err := e.loadCustom(ctx, a.Pool.ID, a.flow)
	if err != nil {
		return nil, err
	}
	err = e.DB.Update(ctx, func(tx *db.Tx) error {
		if err := e.spend(tx, answered); err != nil {
			return err
		}
		return deleteCustom(tx, a.Pool.ID, a.flow)
	})
	if err != nil {
		return nil, err
	}
	next := *c
	next.History = append(next.History[:len(next.History):len(next.History)], provenSteps(a, c)...)
	next.AMR = a.amr
	if a.device != nil && a.deviceProven {
		next.Device = a.device.Key
	}
	a.flow, a.typed = "", c.Typed
	return e.define(ctx, a, &next, nil)
}

// provenSteps are the challenges of the server that were passed since the state
// was kept, under the names of the trigger's session.
func provenSteps(a *attempt, c *customState) []trigger.Step {
	names := map[string]cognitoidp.ChallengeNameType{
		factor.AMRTOTP: cognitoidp.ChallengeNameTypeSoftwareTokenMfa,
		factor.AMRSMS:  cognitoidp.ChallengeNameTypeSmsMfa, factor.AMREmail: cognitoidp.ChallengeNameTypeEmailOtp,
	}
	var out []trigger.Step
	for _, method := range a.amr[min(len(c.AMR), len(a.amr)):] {
		name, ok := names[method]
		if !ok {
			name = a.Challenge
		}
		out = append(out, trigger.Step{Name: string(name), Result: true})
	}
	if a.deviceProven {
		out = append(out, trigger.Step{Name: string(cognitoidp.ChallengeNameTypeDeviceSrpAuth), Result: true},
			trigger.Step{Name: string(cognitoidp.ChallengeNameTypeDevicePasswordVerifier), Result: true})
	}
	return out
}
