package functions

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"cognate/internal/base/lambda"
	"cognate/internal/testkit/process"
)

// languages are the handlers by runtime.
var languages = []struct{ name, runtime, handler string }{
	{"node", "nodejs", "index.handler"},
	{"python", "python", "index.handler"},
	{"golang", "provided.al2023", "bootstrap"},
}

func arnOf(language, way string) string {
	return "arn:aws:lambda:us-east-1:000000000000:function:" + language + "-" + way
}

var update = flag.Bool("update", false, "rewrite the golden transcript")

const golden = "testdata/transcript.txt"

// transcript is what every language and way has to lead to.
func transcript(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(golden)
	if err != nil && !*update {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// TestSameEverywhere runs one script against pools whose functions differ in
// nothing but their language and the way they are reached.
func TestSameEverywhere(t *testing.T) {
	dir := t.TempDir()
	var file strings.Builder
	file.WriteString("functions:\n")
	var hosted []lambda.Function
	invoke := httptest.NewUnstartedServer(nil)
	endpoint := "http://" + invoke.Listener.Addr().String()
	for _, l := range languages {
		path := handlers(t, dir, l.name)
		fmt.Fprintf(&file, "  - arn: %s\n    timeout: 2s\n    local: {path: %s, runtime: %s, handler: %s}\n", arnOf(l.name, "local"), path, l.runtime, l.handler)
		fmt.Fprintf(&file, "  - arn: %s\n    timeout: 2s\n    lambda: {endpoint: %q, accessKeyId: AKIATEST, secretAccessKey: secret}\n", arnOf(l.name, "invoke"), endpoint)
		hosted = append(hosted, lambda.Function{ARN: arnOf(l.name, "invoke"), Local: &lambda.Local{Path: path, Runtime: l.runtime, Handler: l.handler}})
	}
	invoke.Config.Handler = invokeAPI(t, hosted)
	invoke.Start()
	t.Cleanup(invoke.Close)
	list := filepath.Join(dir, "functions.yaml")
	if err := os.WriteFile(list, []byte(file.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	server := process.Start(t, "--ephemeral", "--functions", list)
	want := transcript(t)
	for _, l := range languages {
		for _, way := range []string{"local", "invoke"} {
			t.Run(l.name+" by "+way, func(t *testing.T) {
				got := script(t, server, arnOf(l.name, way))
				if *update {
					want = got
					if err := os.WriteFile(golden, []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				if !reflect.DeepEqual(got, want) {
					t.Errorf("transcript\n%s\nis not\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			})
		}
	}
}

// handlers returns the folder with a language's function; Go's is built first.
func handlers(t *testing.T, dir, language string) string {
	t.Helper()
	source, err := filepath.Abs(filepath.Join("handlers", language))
	if err != nil {
		t.Fatal(err)
	}
	if language != "golang" {
		return source
	}
	target := filepath.Join(dir, language)
	build := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", filepath.Join(target, "bootstrap"), ".")
	build.Dir, build.Env = source, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return target
}

// invokeAPI answers Lambda's Invoke by running the functions on this machine.
func invokeAPI(t *testing.T, list []lambda.Function) http.Handler {
	t.Helper()
	router := lambda.NewRouter(lambda.Options{AllowLocal: true})
	t.Cleanup(router.Close)
	if err := router.Replace("test", list); err != nil {
		t.Fatal(err)
	}
	path := regexp.MustCompile(`^/2015-03-31/functions/(.+)/invocations$`)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := path.FindStringSubmatch(r.URL.Path)
		if r.Method != http.MethodPost || name == nil || !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=AKIATEST/") {
			http.Error(w, `{"Type":"User","Message":"no such call"}`, http.StatusForbidden)
			return
		}
		event, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		result, err := router.Invoke(r.Context(), lambda.Invocation{ARN: name[1], Payload: event})
		if err != nil {
			w.Header().Set("X-Amzn-Errortype", "ServiceException")
			http.Error(w, `{"Message":"cannot run"}`, http.StatusInternalServerError)
			return
		}
		if result.FunctionError != "" {
			w.Header().Set("X-Amz-Function-Error", result.FunctionError)
		}
		w.Header().Set("X-Amz-Executed-Version", "$LATEST")
		_, _ = w.Write(result.Payload)
	})
}

// script goes through the flows of a pool whose functions are arn, and returns
// what a client saw, with ids replaced.
func script(t *testing.T, server *process.Server, arn string) []string {
	t.Helper()
	p := newPlayer(t, server, arn)
	ana := map[string]string{"USERNAME": "ana", "PASSWORD": "Correct-Horse-1"}
	attributes := []process.M{{"Name": "email", "Value": "ana@example.com"}, {"Name": "name", "Value": "Ana"}}
	for _, name := range []string{"bad-bob", "crash", "slow", "liar", "fool"} {
		p.call("SignUp", process.M{"Username": name, "Password": "Correct-Horse-1"})
	}
	p.call("SignUp", process.M{"Username": "ana", "Password": "Correct-Horse-1", "UserAttributes": attributes})
	p.call("AdminAddUserToGroup", process.M{"UserPoolId": p.pool, "Username": "ana", "GroupName": "players"})
	p.call("InitiateAuth", process.M{"AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": ana, "ClientMetadata": map[string]string{"mood": "bad"}})
	tokens := p.call("InitiateAuth", process.M{"AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": ana})
	p.call("InitiateAuth", process.M{"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": process.M{
		"REFRESH_TOKEN": process.Path(tokens, "AuthenticationResult", "RefreshToken"),
	}})
	riddle := p.call("InitiateAuth", process.M{"AuthFlow": "CUSTOM_AUTH", "AuthParameters": process.M{"USERNAME": "ana"}})
	for _, answer := range []string{"41", "42"} {
		riddle = p.call("RespondToAuthChallenge", process.M{
			"ChallengeName": "CUSTOM_CHALLENGE", "Session": riddle["Session"],
			"ChallengeResponses": process.M{"USERNAME": "ana", "ANSWER": answer},
		})
	}
	moved := func(password string) process.M {
		return process.M{"AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": process.M{"USERNAME": "moved", "PASSWORD": password}}
	}
	p.call("InitiateAuth", moved("wrong"))
	p.call("InitiateAuth", moved("from-there-1"))
	p.call("ForgotPassword", process.M{"Username": "ana"})
	p.inbox("ana@example.com")
	return p.seen
}

// player drives one pool and writes down what it sees.
type player struct {
	t            *testing.T
	server       *process.Server
	pool, client string
	seen         []string
}

func newPlayer(t *testing.T, server *process.Server, arn string) *player {
	t.Helper()
	p := &player{t: t, server: server}
	triggers := process.M{"PreTokenGenerationConfig": process.M{"LambdaArn": arn, "LambdaVersion": "V2_0"}}
	for _, name := range []string{
		"PreSignUp", "PostConfirmation", "CustomMessage", "PreAuthentication", "PostAuthentication", "DefineAuthChallenge",
		"CreateAuthChallenge", "VerifyAuthChallengeResponse", "UserMigration",
	} {
		triggers[name] = arn
	}
	made := p.must("CreateUserPool", process.M{"PoolName": "functions", "LambdaConfig": triggers, "AutoVerifiedAttributes": []string{"email"}})
	p.pool = process.Path(made, "UserPool", "Id")
	made = p.must("CreateUserPoolClient", process.M{"UserPoolId": p.pool, "ClientName": "functions", "ExplicitAuthFlows": []string{
		"ALLOW_USER_PASSWORD_AUTH", "ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH",
	}})
	p.client = process.Path(made, "UserPoolClient", "ClientId")
	p.must("CreateGroup", process.M{"UserPoolId": p.pool, "GroupName": "players"})
	return p
}

func (p *player) must(operation string, in process.M) process.M {
	p.t.Helper()
	out, err := p.server.Call(p.context(), operation, in)
	if err != nil {
		p.t.Fatalf("%s: %v", operation, err)
	}
	return out
}

func (p *player) context() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	p.t.Cleanup(cancel)
	return ctx
}

// call performs an operation and notes its answer or refusal.
func (p *player) call(operation string, in process.M) process.M {
	p.t.Helper()
	if in["UserPoolId"] == nil {
		in["ClientId"] = p.client
	}
	out, err := p.server.Call(p.context(), operation, in)
	var refused *process.Error
	switch {
	case errors.As(err, &refused):
		p.note(operation, refused.Code+": "+refused.Message)
	case err != nil:
		p.t.Fatalf("%s: %v", operation, err)
	default:
		p.note(operation, p.neutral(out))
	}
	return out
}

func (p *player) note(what, text string) {
	text = strings.NewReplacer(p.pool, "<pool>", p.client, "<client>").Replace(text)
	p.seen = append(p.seen, what+" "+uuids.ReplaceAllString(text, "<id>"))
}

var uuids = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// neutral is an answer without what differs between two runs: tokens are shown
// by their claims, without times and ids.
func (p *player) neutral(out process.M) string {
	shown := process.M{}
	for k, v := range out {
		shown[k] = v
	}
	if shown["Session"] != nil {
		shown["Session"] = "<session>"
	}
	if result, ok := shown["AuthenticationResult"].(process.M); ok {
		tokens := process.M{"RefreshToken": result["RefreshToken"] != nil}
		for _, name := range []string{"IdToken", "AccessToken"} {
			tokens[name] = p.claims(result[name].(string))
		}
		shown["AuthenticationResult"] = tokens
	}
	text, err := json.Marshal(shown)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

func (p *player) claims(token string) process.M {
	p.t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	c := process.M{}
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	for _, name := range []string{"exp", "iat", "auth_time", "jti", "origin_jti", "event_id", "sub", "iss"} {
		delete(c, name)
	}
	return c
}

// inbox notes the newest message to an address.
func (p *player) inbox(to string) {
	p.t.Helper()
	query := url.Values{"format": {"json"}, "to": {to}, "userPoolId": {p.pool}}
	res, err := p.server.Client.Get(p.server.URL + "/_cognate/inbox?" + query.Encode())
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	var box struct {
		Messages []struct{ Subject, Body, Code string }
	}
	if err := json.NewDecoder(res.Body).Decode(&box); err != nil || len(box.Messages) == 0 {
		p.t.Fatalf("inbox: %v, %v", box, err)
	}
	m := box.Messages[0]
	p.note("inbox", m.Subject+" / "+strings.ReplaceAll(m.Body, m.Code, "<code>"))
}
