package wire_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/cognitosync"
	"cognate/internal/api/sts"
	"cognate/internal/base/db"
	"cognate/internal/base/shed"
	"cognate/internal/wire"
	"cognate/internal/wire/awsjson"
	"cognate/internal/wire/awsquery"
)

// A database that is not available is a 503 of each protocol, whichever part met it.
func TestUnavailable(t *testing.T) {
	away := fmt.Errorf("room: %w", db.ErrUnavailable)
	json := newWorld(t)
	json.fake.signUp = func(context.Context, *cognitoidp.SignUpRequest) (*cognitoidp.SignUpResponse, error) { return nil, away }
	query := newWorldOf(t, wire.NewService[sts.Service](sts.Info, "ValidationError", sts.Operations, &roles{}))
	query.gate.authErr = away
	rest1 := newWorldOf(t, wire.NewService[cognitosync.Service](cognitosync.Info, "InvalidParameterException", cognitosync.Operations, &datasets{}))
	rest1.gate.denyErr = away
	for _, tt := range []struct {
		world      *world
		request    *http.Request
		code, form string
	}{
		{json, request("SignUp", signUpBody), "ServiceUnavailableException", `{"__type":"ServiceUnavailableException",`},
		{query, form(assume + "a1"), "ServiceUnavailable", "<Error><Type>Receiver</Type><Code>ServiceUnavailable</Code>"},
		{rest1, rest("GET", strings.Replace(dataset, "a%2Fb", "notes", 1)+"/records", ""), "ServiceUnavailableException", `{"__type":"ServiceUnavailableException",`},
	} {
		rec := tt.world.do(tt.request)
		body := strings.Join(strings.Fields(rec.Body.String()), "")
		if rec.Code != http.StatusServiceUnavailable || !strings.Contains(body, tt.form) || rec.Header().Get("Retry-After") == "" {
			t.Errorf("%d %v %s", rec.Code, rec.Header(), rec.Body)
		}
		if strings.Contains(body, "room:") {
			t.Errorf("the cause is told: %s", rec.Body)
		}
		if !strings.Contains(tt.world.log.String(), "room: db: the database is not available") {
			t.Errorf("the cause is not logged: %s", tt.world.log)
		}
	}
}

// Overload is a 503 by the declared name where there is one, and work that waits for others makes room.
func TestOverload(t *testing.T) {
	reg, err := wire.NewRegistry(
		wire.NewService[cognitoidp.Service](cognitoidp.Info, "InvalidParameterException", cognitoidp.Operations, &fake{}),
		wire.NewService[sts.Service](sts.Info, "ValidationError", sts.Operations, &roles{}))
	if err != nil {
		t.Fatal(err)
	}
	g := &shed.Gate{Slots: 1, Patience: time.Millisecond}
	_, pass, err := g.Enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{gate: &gate{}, metrics: &observed{}, log: &bytes.Buffer{}}
	w.server, err = wire.NewServer(wire.Options{
		Registry: reg, Protocols: []wire.Protocol{awsjson.Protocol{}, awsquery.Protocol{}}, Authenticator: w.gate, Authorizer: w.gate, Gate: g,
	})
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, w.do(request("SignUp", signUpBody)), 503, "TooManyRequestsException", "Too many requests")
	if rec := w.do(form(assume + "a1")); rec.Code != 503 || !strings.Contains(rec.Body.String(), "<Code>ServiceUnavailable</Code>") || rec.Header().Get("Retry-After") == "" {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	pass.Leave()
	if rec := w.do(form(assume + "a1")); rec.Code != 200 {
		t.Errorf("with a free slot: %d %s", rec.Code, rec.Body)
	}
}
