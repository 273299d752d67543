package login

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"cognate/internal/base/id"
	"cognate/internal/base/obs"
	"cognate/internal/web/login/screen"
	"cognate/internal/web/site"
)

// flow is how far somebody has come in one tab: what the next page has to know. It travels in a sealed cookie of its own,
// named by the query parameter flow, so that two tabs do not meet and the back button finds the same page again. What has
// been proven is not in it but in the engine's Session, which is good once.
type flow struct {
	ID string `json:"i"`
	// Query binds the flow to its authorization request.
	Query string `json:"q"`
	Step  step   `json:"t"`
	// Name is the identifier as it was typed, and Username the one that answers have to name.
	Name     string `json:"n,omitempty"`
	Username string `json:"u,omitempty"`
	Session  string `json:"s,omitempty"`
	// Challenge is the one that Session is of, and Offered those that may be chosen instead.
	Challenge string   `json:"c,omitempty"`
	Offered   []string `json:"o,omitempty"`
	// Begun means that factors were proven already, so that what is chosen is a further one.
	Begun bool `json:"b,omitempty"`
	// Destination is where a code went, masked, and Medium how: EMAIL or SMS.
	Destination string `json:"d,omitempty"`
	Medium      string `json:"m,omitempty"`
	Sent        int64  `json:"w,omitempty"` // when, in seconds since 1970
	// Required are the attributes that a new password has to come with.
	Required []string `json:"r,omitempty"`
	// Seed is the key of an authenticator app that is being set up.
	Seed string `json:"k,omitempty"`
	// Enrol means that a passkey is to be added once the sign-in has ended.
	Enrol bool `json:"g,omitempty"`
	// Asks means that the code page asks whether to remember the device, and Remember that its user wants it.
	Asks     bool `json:"e,omitempty"`
	Remember bool `json:"f,omitempty"`
	// Notice is told on the next page, once.
	Notice *notice `json:"x,omitempty"`
}

// anew is the flow at its first step.
func (f *flow) anew() *flow { return &flow{ID: f.ID, Query: f.Query, Name: f.Name, Enrol: f.Enrol} }

// notice is an alert that survives a redirect.
type notice struct {
	Kind screen.AlertKind  `json:"k"`
	Key  string            `json:"t"`
	Args map[string]string `json:"a,omitempty"`
}

// step names the page that a flow is at.
type step string

// The steps. stepName is the zero value: the identifier is asked for.
const (
	stepName     step = ""
	stepPassword step = "password"
	stepChoose   step = "choose"
	stepPasskey  step = "passkey"
	stepCode     step = "code"
	stepFactor   step = "factor"  // which second factor
	stepSetUp    step = "setup"   // which second factor to set up
	stepTOTP     step = "totp"    // an authenticator app is set up
	stepAddress  step = "address" // the address for codes is asked for
	stepReplace  step = "replace" // the temporary password is replaced
	stepConfirm  step = "confirm" // the code of a sign-up
	stepReset    step = "reset"   // the code of a recovery
)

const (
	flowName     = "page-data"
	flowAlphabet = "0123456789abcdefghijklmnopqrstuvwxyz"
	flowChars    = 12
	flowParm     = "flow"
	// flowLife is how long the form of a page can be sent, so that whoever comes back late types no name again.
	flowLife = time.Hour
	// maxFlows is how many tabs of one browser may be under way; the header has to hold them.
	maxFlows = 4
)

func flowCookie(id string) site.Cookie { return site.Cookie{Name: flowName + "." + id, Life: flowLife} }

// flowID is the id of the flow that a request names, "" for none or for what cannot be one.
func flowID(r *site.Request) string {
	text := r.URL.Query().Get(flowParm)
	if len(text) != flowChars || strings.Trim(text, flowAlphabet) != "" {
		return ""
	}
	return text
}

// mark binds a flow to its authorization request.
func mark(query string) string {
	sum := sha256.Sum256([]byte(query))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// flow returns the flow that the request names and that belongs to its authorization request; a new one, at its first
// step, where there is none.
func (h *handler) flow(ctx context.Context, v *visit) (*flow, error) {
	name := flowID(v.r)
	fresh := &flow{Query: mark(v.query)}
	if name == "" {
		return fresh, nil
	}
	value, err := h.Cookies.Open(ctx, v.r, flowCookie(name))
	if errors.Is(err, site.ErrNoCookie) {
		v.timedOut = true
		return fresh, nil
	}
	if err != nil {
		return nil, err
	}
	f := &flow{}
	if json.Unmarshal(value, f) != nil || f.ID != name || f.Query != fresh.Query {
		obs.Cause(ctx, "the flow belongs to another authorization request")
		return fresh, nil
	}
	return f, nil
}

// save is the cookie of a flow, which gets its id with it, and the cookies of flows that are too many.
func (h *handler) save(ctx context.Context, v *visit, f *flow) ([]*http.Cookie, error) {
	var out []*http.Cookie
	if f.ID == "" {
		// Ids begin with the time, so that the oldest flows of a browser are known.
		f.ID = strconv.FormatInt(h.Clock.Now().Unix(), 36)
		f.ID += id.Source{}.String(flowChars-len(f.ID), flowAlphabet)
		for _, c := range v.tooMany() {
			out = append(out, h.Cookies.Drop(v.r.Place, flowCookie(c)))
		}
	}
	value, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	c, err := h.Cookies.Seal(ctx, v.r.Place, flowCookie(f.ID), value)
	return append(out, c), err
}

// tooMany are the ids of the oldest flows of the browser, as many as have to go for another one.
func (v *visit) tooMany() []string {
	var ids []string
	for _, c := range v.r.Cookies() {
		if _, name, found := strings.Cut(c.Name, flowName+"."); found {
			ids = append(ids, name)
		}
	}
	slices.Sort(ids)
	return ids[:max(0, len(ids)-maxFlows+1)]
}

// drop is the cookie that forgets a flow, nil for one that was never kept.
func (h *handler) drop(v *visit, f *flow) *http.Cookie {
	if f.ID == "" {
		return nil
	}
	return h.Cookies.Drop(v.r.Place, flowCookie(f.ID))
}
