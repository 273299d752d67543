package sigv4

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"cognate/internal/base/arn"
)

type pythonJob struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
	Key     string            `json:"key"`
	Secret  string            `json:"secret"`
	Token   string            `json:"token"`
	Service string            `json:"service"`
	Region  string            `json:"region"`
	S3      bool              `json:"s3"`
	Time    int64             `json:"time"`
}

// TestBotocoreSignatures lets botocore sign random requests and verifies them.
func TestBotocoreSignatures(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var jobs []pythonJob
	var in bytes.Buffer
	enc := json.NewEncoder(&in)
	for i := range 300 {
		j := randomJob(rnd, i)
		jobs = append(jobs, j)
		if err := enc.Encode(j); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("python3", "testdata/sign.py")
	cmd.Stdin, cmd.Stderr = &in, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("python3 with botocore is needed by this test: %v", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(out))
	for i, j := range jobs {
		if !lines.Scan() {
			t.Fatalf("botocore answered %d of %d requests", i, len(jobs))
		}
		var headers map[string]string
		if err := json.Unmarshal(lines.Bytes(), &headers); err != nil {
			t.Fatal(err)
		}
		checkJob(t, j, headers)
	}
}

func randomJob(rnd *rand.Rand, i int) pythonJob {
	pick := func(list ...string) string { return list[rnd.IntN(len(list))] }
	j := pythonJob{
		Method: pick("GET", "POST", "PUT", "DELETE"), Key: "AKIDEXAMPLE", Secret: fmt.Sprintf("s/+%040d", i),
		Service: pick("cognito-idp", "cognito-sync", "sts"), Region: pick("us-east-1", "eu-west-1"),
		Body: pick("", "{}", `{"UserPoolId":"us-east-1_abc","Größe":"\u2603"}`), Time: 1_700_000_000 + rnd.Int64N(100_000_000),
		Headers: map[string]string{"X-Amz-Target": "AWSCognitoIdentityProviderService.ListUsers", "Content-Type": pick("application/x-amz-json-1.1", "text/plain;  charset=utf-8")},
	}
	if rnd.IntN(2) == 0 {
		j.Token = "token/" + strings.Repeat("x+=", rnd.IntN(50))
	}
	if rnd.IntN(2) == 0 {
		j.Headers["My-Header"] = pick("  a   b ", "a", "", "\"x\"", "a,b")
	}
	j.S3 = rnd.IntN(3) == 0
	if j.S3 {
		j.Service = "s3"
	}
	path := pick("/", "/a/b", "/eu-west-1%3Aaa-bb/x", "/a%20b/c+d~e", "/%C3%A9", "/a/../b", "//a", "/f%2Fg", "/(x)*'!")
	query := pick("", "?a=1", "?b=2&a=1", "?a=%20&a=%2F", "?x", "?x=", "?a=b%3Dc&Z=1", "?a-=1&a=2", "?k=%C3%A9~%2A")
	if j.Method == "POST" && j.S3 {
		query = ""
	}
	j.URL = pick("http://localhost:7654", "https://cognito-idp.us-east-1.amazonaws.com", "http://127.0.0.1") + path + query
	return j
}

func checkJob(t *testing.T, j pythonJob, headers map[string]string) {
	t.Helper()
	u, err := url.Parse(j.URL)
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	for k, v := range headers {
		h.Set(k, v)
	}
	style := Standard
	if j.S3 {
		style = S3
	}
	v := NewVerifier(Options{
		Region: only(arn.Region(j.Region)), Style: style, Now: func() time.Time { return time.Unix(j.Time, 0) },
		Lookup: func(context.Context, string, string) (Credential, error) {
			return Credential{Secret: j.Secret, SessionToken: j.Token}, nil
		},
	})
	hash := HashBody([]byte(j.Body))
	if sent := h.Get("X-Amz-Content-Sha256"); sent == "UNSIGNED-PAYLOAD" {
		hash = sent // botocore's choice for S3 over https; a gateway would allow it there
	}
	req := Request{Method: j.Method, Path: u.EscapedPath(), RawQuery: u.RawQuery, Host: u.Host, Header: h, BodyHash: hash}
	if _, err := v.Verify(context.Background(), req, j.Service); err != nil {
		t.Errorf("%s %s (s3 %v): %v\n%s", j.Method, j.URL, j.S3, err, h)
	}
	req.BodyHash = HashBody([]byte(j.Body + "x"))
	_, err = v.Verify(context.Background(), req, j.Service)
	wantKind(t, "another body", err, InvalidSignature)
}

// TestCommandLine lets the aws CLI call a real listener, with a good and a wrong secret.
func TestCommandLine(t *testing.T) {
	secret := "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	v := NewVerifier(Options{Region: only("us-east-1"), Lookup: func(_ context.Context, id, _ string) (Credential, error) {
		if id != "AKIAEXAMPLE" {
			return Credential{}, ErrUnknownKey
		}
		return Credential{Secret: secret}, nil
	}})
	var answers sync.Map // what the last call was refused for; "" for nothing
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		_, err = v.Verify(r.Context(), FromHTTP(r, HashBody(body)), "cognito-idp")
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		if err != nil {
			answers.Store("last", err.Error())
			w.WriteHeader(400)
			fmt.Fprintf(w, `{"__type":%q,"message":%q}`, err.(*Error).ErrorCode(), err.(*Error).ErrorMessage())
			return
		}
		answers.Store("last", "")
		io.WriteString(w, `{"UserPools":[]}`)
	}))
	defer srv.Close()
	call := func(key, secret string) string {
		cmd := exec.Command("aws", "cognito-idp", "list-user-pools", "--max-results", "1", "--endpoint-url", srv.URL, "--region", "us-east-1", "--output", "json")
		cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+key, "AWS_SECRET_ACCESS_KEY="+secret, "AWS_MAX_ATTEMPTS=1", "AWS_SESSION_TOKEN=")
		out, err := cmd.CombinedOutput()
		if _, exited := err.(*exec.ExitError); err != nil && !exited {
			t.Fatalf("the aws CLI is needed by this test: %v", err)
		}
		return string(out)
	}
	out := call("AKIAEXAMPLE", secret)
	if last, _ := answers.Load("last"); last != "" || !strings.Contains(out, "UserPools") {
		t.Errorf("%v\n%s", last, out)
	}
	if out := call("AKIAEXAMPLE", "wrong"); !strings.Contains(out, "InvalidSignatureException") || !strings.Contains(out, textMismatch) {
		t.Errorf("wrong secret: %s", out)
	}
	if out := call("AKIAOTHER", secret); !strings.Contains(out, "UnrecognizedClientException") {
		t.Errorf("unknown key: %s", out)
	}
}

// TestRoundTrip signs with Signer, sends through net/http and verifies, so that
// headers which the transport adds or moves are covered.
func TestRoundTrip(t *testing.T) {
	v := NewVerifier(Options{Lookup: func(context.Context, string, string) (Credential, error) { return Credential{Secret: "s"}, nil }})
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if _, err := v.Verify(r.Context(), FromHTTP(r, HashBody(body)), "lambda"); err != nil {
			t.Errorf("%s: %v", r.URL, err)
		}
	}))
	defer srv.Close()
	for _, target := range []string{"/", "", "/2015-03-31/functions/arn%3Aaws%3Alambda/invocations?Qualifier=a%20b&x=+y", "/a//b/../c"} {
		body := `{"n":1}`
		r, err := http.NewRequest("POST", srv.URL+target, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Length", "7") // signed by the JavaScript SDK
		r.Header.Set("Content-Type", "application/json")
		Signer{AccessKeyID: "AK", Secret: "s", Region: "us-east-1", Service: "lambda", SendBodyHash: true}.Sign(r, HashBody([]byte(body)), time.Now())
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
}
