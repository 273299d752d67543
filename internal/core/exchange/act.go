package exchange

import (
	"encoding/json"
)

// maxActors is how many parties may have acted for a user one after another.
const maxActors = 8

// actor is an act claim (RFC 8693 section 4.1): who acts, and who did before.
type actor struct {
	Sub      string `json:"sub"`
	Issuer   string `json:"iss,omitempty"`
	ClientID string `json:"client_id,omitempty"`
	Act      *actor `json:"act,omitempty"`
}

// acting is the act claim of the derived token: the actor, and in it those of the subject token. Without an actor the
// latter stay, so that nobody hides by exchanging a token once more.
func (o *order) acting() (json.RawMessage, error) {
	var before *actor
	if o.subject.Act != nil {
		if err := json.Unmarshal(o.subject.Act, &before); err != nil {
			return nil, refuse(BadToken, textSubject)
		}
	}
	if err := o.permitted(); err != nil {
		return nil, err
	}
	now := before
	if o.actor != nil {
		now = &actor{Sub: o.actor.Sub, Issuer: o.actor.Issuer, Act: before}
		if !o.actor.Machine {
			now.ClientID = o.actor.Client.ID
		}
	}
	if now == nil {
		return nil, nil
	}
	depth := 0
	for a := now; a != nil; a = a.Act {
		depth++
	}
	if depth > maxActors {
		return nil, refuse(BadToken, "Too many parties have acted for the user.")
	}
	return json.Marshal(now)
}

// permitted holds that the one who acts is the one whom the subject token names in may_act (RFC 8693 section 4.4), if it
// names one: the actor, or without one the client. A member that is not understood names nobody.
func (o *order) permitted() error {
	if o.subject.MayAct == nil {
		return nil
	}
	var named map[string]any
	if err := json.Unmarshal(o.subject.MayAct, &named); err != nil || len(named) == 0 {
		return refuse(BadToken, textMayAct)
	}
	who := map[string]string{"sub": o.Client.ID, "client_id": o.Client.ID, "iss": o.subject.Issuer}
	if a := o.actor; a != nil {
		who = map[string]string{"sub": a.Sub, "client_id": a.Client.ID, "iss": a.Issuer}
	}
	for name, value := range named {
		if text, ok := value.(string); !ok || who[name] == "" || text != who[name] {
			return refuse(BadToken, textMayAct)
		}
	}
	return nil
}

const textMayAct = "The subject token lets somebody else act."
