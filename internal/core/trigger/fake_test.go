package trigger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/base/lambda"
	"cognate/internal/core/pool"
	"cognate/internal/rooms"
	"cognate/internal/testkit/cognitotest"
	"cognate/internal/testkit/dbtest"
)

var update = flag.Bool("update", false, "rewrite the golden events under testdata")

// object is JSON as tests look at it.
type object = map[string]any

// fake stands for the functions of a pool: it records the events and answers
// with the event itself, changed by what a test sets for the trigger.
type fake struct {
	mu    sync.Mutex
	calls []recorded
	// answers are by name of the trigger (PreSignUp) or by source
	// (PreSignUp_SignUp): they change the response member of the event.
	answers map[string]func(request, response object)
	// broken answers instead, by name of the trigger.
	broken map[string]func() (*lambda.Result, error)
}

// recorded is one invocation.
type recorded struct {
	function string
	payload  []byte
}

func newFake() *fake {
	return &fake{answers: map[string]func(request, response object){}, broken: map[string]func() (*lambda.Result, error){}}
}

func arnOf(trigger string) string {
	return "arn:aws:lambda:us-east-1:000000000000:function:" + trigger
}

// Invoke implements lambda.Invoker.
func (f *fake) Invoke(_ context.Context, in lambda.Invocation) (*lambda.Result, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	name := in.ARN[strings.LastIndexByte(in.ARN, ':')+1:]
	f.calls = append(f.calls, recorded{name, bytes.Clone(in.Payload)})
	if broken := f.broken[name]; broken != nil {
		return broken()
	}
	var event object
	if err := json.Unmarshal(in.Payload, &event); err != nil {
		return nil, err
	}
	for _, key := range []string{name, event["triggerSource"].(string)} {
		if answer := f.answers[key]; answer != nil {
			answer(event["request"].(object), event["response"].(object))
		}
	}
	payload, err := json.Marshal(event)
	return &lambda.Result{Payload: payload}, err
}

// fails makes a trigger end as a function that threw an error does.
func (f *fake) fails(trigger, message string) {
	f.breaks(trigger, func() (*lambda.Result, error) {
		return &lambda.Result{
			Payload:       []byte(`{"errorMessage":"` + message + `","errorType":"Error"}`),
			FunctionError: lambda.Unhandled, ErrorType: "Error", ErrorMessage: message,
		}, nil
	})
}

func (f *fake) breaks(trigger string, how func() (*lambda.Result, error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.broken[trigger] = how
}

// sets makes a trigger answer with these response members.
func (f *fake) sets(trigger string, members object) {
	f.answersWith(trigger, func(_, response object) { maps.Copy(response, members) })
}

func (f *fake) answersWith(trigger string, how func(request, response object)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.broken, trigger)
	f.answers[trigger] = how
}

// reset forgets what happened so far.
func (f *fake) reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = nil
}

// event is a recorded event as an object.
func (r *recorded) event() (e object) {
	if err := json.Unmarshal(r.payload, &e); err != nil {
		return object{"error": err.Error()}
	}
	return e
}

// trace lists what fired since reset: the source, then v= and c= with the "from"
// of validationData and of clientMetadata.
func (f *fake) trace() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := []string{}
	for _, c := range f.calls {
		e := c.event()
		line, _ := e["triggerSource"].(string)
		if line != c.function && !strings.HasPrefix(line, c.function+"_") && c.function != "PreTokenGeneration" {
			line += " at " + c.function
		}
		request, _ := e["request"].(object)
		for _, member := range []string{"validationData", "clientMetadata"} {
			if m, ok := request[member].(object); ok {
				line += " " + member[:1] + "=" + m["from"].(string)
			}
		}
		out = append(out, line)
	}
	return out
}

// last is the newest event of a source.
func (f *fake) last(t testing.TB, source string) object {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range slices.Backward(f.calls) {
		if e := c.event(); e["triggerSource"] == source {
			return e
		}
	}
	t.Fatalf("%s did not fire", source)
	return nil
}

// room is a pool with functions and what tests do with it.
type room struct {
	*cognitotest.World
	f *fake
	p *pool.Pool
	c *pool.Client
}

// functions are the members of LambdaConfig for the named triggers.
func functions(names ...string) *cognitoidp.LambdaConfigType {
	c := &cognitoidp.LambdaConfigType{}
	members := map[string]**string{
		"PreSignUp": &c.PreSignUp, "PostConfirmation": &c.PostConfirmation, "CustomMessage": &c.CustomMessage,
		"PreAuthentication": &c.PreAuthentication, "PostAuthentication": &c.PostAuthentication,
		"DefineAuthChallenge": &c.DefineAuthChallenge, "CreateAuthChallenge": &c.CreateAuthChallenge,
		"VerifyAuthChallengeResponse": &c.VerifyAuthChallengeResponse, "UserMigration": &c.UserMigration,
		"PreTokenGeneration": &c.PreTokenGeneration,
	}
	for _, n := range names {
		*members[n] = new(arnOf(n))
	}
	return c
}

// all are the triggers that a pool without migration has.
var all = []string{
	"PreSignUp", "PostConfirmation", "CustomMessage", "PreAuthentication", "PostAuthentication",
	"DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse", "PreTokenGeneration",
}

func withMigration() []string { return append(slices.Clone(all), "UserMigration") }

// each runs body on every engine.
func each(t *testing.T, body func(t *testing.T, w *cognitotest.World, f *fake)) {
	t.Helper()
	dbtest.Each(t, rooms.Migrations(), func(t *testing.T, d *db.DB) {
		f := newFake()
		body(t, cognitotest.New(t, d, cognitotest.Options{Functions: f}), f)
	})
}

// newRoom makes a pool with these triggers and a client for all flows.
func newRoom(w *cognitotest.World, f *fake, triggers []string, set func(*cognitoidp.CreateUserPoolRequest), client func(*cognitoidp.CreateUserPoolClientRequest)) *room {
	w.T.Helper()
	p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
		in.LambdaConfig = functions(triggers...)
		if set != nil {
			set(in)
		}
	})
	r := &room{World: w, f: f, p: p}
	r.c = r.client(client)
	return r
}

func (r *room) client(set func(*cognitoidp.CreateUserPoolClientRequest)) *pool.Client {
	return r.Client(r.p, func(in *cognitoidp.CreateUserPoolClientRequest) {
		in.ExplicitAuthFlows = append(in.ExplicitAuthFlows, cognitoidp.ExplicitAuthFlowsTypeAllowCustomAuth)
		if set != nil {
			set(in)
		}
	})
}

// from is the ClientMetadata by which trace tells calls apart.
func from(call string) map[string]string { return map[string]string{"from": call} }

// golden compares the recorded events with testdata/<name>.json.
func (r *room) golden(t *testing.T, name string) {
	t.Helper()
	var out bytes.Buffer
	for i, c := range r.f.calls {
		if i > 0 {
			out.WriteString("\n")
		}
		if err := json.Indent(&out, r.neutral(c.payload), "", "  "); err != nil {
			t.Fatal(err)
		}
	}
	out.WriteString("\n")
	file := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		t.Fatalf("%s is missing; run with -update", file)
	}
	if !bytes.Equal(out.Bytes(), want) {
		t.Errorf("events differ from %s:\n%s", file, out.Bytes())
	}
}

var uuids = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// neutral replaces ids, which are random, by their meaning.
func (r *room) neutral(payload []byte) []byte {
	payload = bytes.ReplaceAll(payload, []byte(r.p.ID), []byte("<pool>"))
	payload = bytes.ReplaceAll(payload, []byte(r.c.ID), []byte("<client>"))
	return uuids.ReplaceAll(payload, []byte("<sub>"))
}

// expect compares the trace.
func (r *room) expect(t *testing.T, want ...string) {
	t.Helper()
	if got := r.f.trace(); !slices.Equal(got, want) {
		t.Errorf("fired\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// quick is a world on SQLite in memory.
func quick(t testing.TB, f *fake) *cognitotest.World {
	t.Helper()
	return cognitotest.New(t, dbtest.SQLite(t, rooms.Migrations()), cognitotest.Options{Functions: f})
}
