package obs

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestFromNeverNil(t *testing.T) {
	if From(context.Background()) == nil {
		t.Fatal("From returned nil outside a request")
	}
	if From(With(context.Background(), nil)) == nil {
		t.Fatal("From returned nil for a nil request")
	}
	r := &Request{ID: "1"}
	if got := From(With(context.Background(), r)); got != r {
		t.Fatalf("From = %v, want the request itself", got)
	}
}

func TestFirstCauseIsKept(t *testing.T) {
	r := &Request{}
	ctx := With(context.Background(), r)
	Cause(ctx, "policy %s", "length")
	Cause(ctx, "refused")
	if r.Cause != "policy length" {
		t.Fatalf("cause = %q", r.Cause)
	}
	Cause(context.Background(), "outside a request") // must not panic
}

func TestLongCauseIsCut(t *testing.T) {
	r := &Request{}
	Cause(With(context.Background(), r), "origin %s", strings.Repeat("ä", 40_000))
	if len(r.Cause) > maxCause+3 || !strings.HasPrefix(r.Cause, "origin ä") || !strings.HasSuffix(r.Cause, "ä...") {
		t.Fatalf("%d bytes: %.20q ... %q", len(r.Cause), r.Cause, r.Cause[len(r.Cause)-10:])
	}
}

func TestLogRequest(t *testing.T) {
	var buf bytes.Buffer
	log := NewLogger(&buf, JSON, slog.LevelInfo)
	r := &Request{ID: "id", Operation: "GetUser", ClientIP: netip.MustParseAddr("192.0.2.1"), Cause: "why",
		Principal: Principal{ARN: "arn:aws:iam::000000000000:root"}}
	LogRequest(context.Background(), log, r, 400, 1500*time.Microsecond)
	var got map[string]any
	if err := json.Unmarshal(buf.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"level": "INFO", "requestId": "id", "operation": "GetUser", "clientIp": "192.0.2.1",
		"cause": "why", "status": 400.0, "ms": 1.5, "principal": "arn:aws:iam::000000000000:root"}
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s = %v, want %v", k, got[k], v)
		}
	}
	if _, ok := got["pool"]; ok {
		t.Error("an empty fact was written")
	}
	buf.Reset()
	LogRequest(context.Background(), log, r, 500, 0)
	if !strings.Contains(buf.String(), `"level":"ERROR"`) {
		t.Errorf("a server fault is not an error event: %s", buf.String())
	}
}

func TestParse(t *testing.T) {
	if f, err := ParseFormat("JSON"); err != nil || f != JSON {
		t.Errorf("ParseFormat = %v, %v", f, err)
	}
	if _, err := ParseFormat("xml"); err == nil {
		t.Error("unknown format accepted")
	}
	if l, err := ParseLevel("warn"); err != nil || l != slog.LevelWarn {
		t.Errorf("ParseLevel = %v, %v", l, err)
	}
	if _, err := ParseLevel("loud"); err == nil {
		t.Error("unknown level accepted")
	}
}

// TestShortLines: a request is one line that tells what a developer wants to know; what was sent cannot write lines.
func TestShortLines(t *testing.T) {
	var buf bytes.Buffer
	log := NewLogger(&buf, Text, slog.LevelInfo)
	line := func(write func()) string {
		t.Helper()
		buf.Reset()
		write()
		text, found := strings.CutSuffix(buf.String(), "\n")
		if !found || strings.ContainsAny(text, "\n\x1b") || len(text) < 9 || text[2] != ':' || text[8] != ' ' {
			t.Fatalf("%q", buf.String())
		}
		return text[9:]
	}
	request := func(r Request, status int) func() {
		return func() { LogRequest(context.Background(), log, &r, status, 12300*time.Microsecond) }
	}
	for _, c := range []struct {
		write func()
		want  string
	}{
		{request(Request{ID: "id", Operation: "GetUser", UserAgent: "boto3"}, 200), "GetUser 200 12.3ms"},
		{request(Request{Operation: "InitiateAuth", Outcome: "NotAuthorizedException", Cause: "the password is wrong"}, 400),
			"InitiateAuth 400 12.3ms NotAuthorizedException: the password is wrong"},
		{request(Request{Target: "GET /x\n00:00:00 GetUser 200\x1b[2J"}, 404), `GET /x\n00:00:00 GetUser 200\x1b[2J 404 12.3ms`},
		{request(Request{Cause: "panic: x\nstack"}, 500), `- 500 12.3ms panic: x\nstack`},
		{func() { log.Info("seed file applied", "file", "a b.yaml", "n", 3) }, `seed file applied file="a b.yaml" n=3`},
		{func() { log.With("k", "v").WithGroup("g").Warn("look", "x", "", slog.Group("h", "y", 1)) }, `WARN look k=v g.x="" g.h.y=1`},
	} {
		if have := line(c.write); have != c.want {
			t.Errorf("%q, want %q", have, c.want)
		}
	}
	buf.Reset()
	if log.Debug("quiet"); buf.Len() > 0 {
		t.Errorf("below the level: %s", &buf)
	}
}
