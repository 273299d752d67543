package sigv4

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"cognate/internal/base/arn"
)

func wantKind(t *testing.T, name string, err error, kind Kind) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Errorf("%s: %v, want kind %d", name, err, kind)
		return &Error{}
	}
	if e.Kind != kind {
		t.Errorf("%s: %s (%s), want %s", name, e.ErrorCode(), e.Message, kindCodes[kind])
	}
	if e.HTTPStatus() != 400 || e.Fault() || e.ErrorMessage() == "" || e.Error() == "" {
		t.Errorf("%s: incomplete error %+v", name, e)
	}
	return e
}

// full is a vector with everything in it that can be tampered with.
func full() (*Verifier, Request) {
	h := http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {"Svc.Op"}, "My-Header": {"a  b"}}
	r, err := http.NewRequest("POST", "https://idp.example:7654/some/path?b=2&a=1", nil)
	if err != nil {
		panic(err)
	}
	r.Header = h
	hash := HashBody([]byte(`{"a":1}`))
	Signer{AccessKeyID: vectorKey, Secret: vectorSecret, SessionToken: vectorToken, Region: "us-east-1", Service: "service", SendBodyHash: true}.
		Sign(r, hash, vectorTime())
	return vectorVerifier(Standard, vectorToken), Request{
		Method: "POST", Path: "/some/path", RawQuery: "b=2&a=1", Host: "idp.example:7654", Header: r.Header, BodyHash: hash,
	}
}

func replaceAuth(old, new string) func(*Request) {
	return func(r *Request) {
		a := r.Header.Get("Authorization")
		if !strings.Contains(a, old) {
			panic(old + " not in " + a)
		}
		r.Header.Set("Authorization", strings.Replace(a, old, new, 1))
	}
}

func TestTampering(t *testing.T) {
	set := func(name, value string) func(*Request) { return func(r *Request) { r.Header.Set(name, value) } }
	flip := func(r *Request) {
		a := []byte(r.Header.Get("Authorization"))
		a[len(a)-1] ^= 1
		r.Header.Set("Authorization", string(a))
	}
	for _, c := range []struct {
		name   string
		tamper func(*Request)
		kind   Kind // 0: still valid
		text   string
	}{
		{"untouched", func(*Request) {}, 0, ""},
		{"query order", func(r *Request) { r.RawQuery = "a=1&b=2" }, 0, ""},
		{"field order", func(r *Request) {
			f := strings.Split(strings.TrimPrefix(r.Header.Get("Authorization"), algorithm+" "), ", ")
			r.Header.Set("Authorization", algorithm+" "+f[2]+","+f[0]+","+f[1])
		}, 0, ""},
		{"unsigned proxy header added", set("X-Amzn-Trace-Id", "Root=1"), 0, ""},
		{"user agent", set("User-Agent", "x"), 0, ""},
		{"no authorization", func(r *Request) { r.Header.Del("Authorization") }, MissingAuthenticationToken, "Missing Authentication Token"},
		{"empty authorization", set("Authorization", ""), MissingAuthenticationToken, ""},
		{"bearer", set("Authorization", "Bearer abc"), IncompleteSignature, ""},
		{"two authorizations", func(r *Request) { r.Header.Add("Authorization", r.Header.Get("Authorization")) }, IncompleteSignature, ""},
		{"method", func(r *Request) { r.Method = "GET" }, InvalidSignature, textMismatch},
		{"path", func(r *Request) { r.Path = "/some/Path" }, InvalidSignature, textMismatch},
		{"query value", func(r *Request) { r.RawQuery = "b=2&a=2" }, InvalidSignature, textMismatch},
		{"query added", func(r *Request) { r.RawQuery += "&c" }, InvalidSignature, textMismatch},
		{"host", func(r *Request) { r.Host = "idp.example" }, InvalidSignature, textMismatch},
		{"signed header value", set("My-Header", "a c"), InvalidSignature, textMismatch},
		{"signed header removed", func(r *Request) { r.Header.Del("My-Header") }, InvalidSignature, textMismatch},
		{"signed header doubled", func(r *Request) { r.Header.Add("My-Header", "a b") }, InvalidSignature, textMismatch},
		{"target", set("X-Amz-Target", "Svc.Other"), InvalidSignature, textMismatch},
		{"unsigned x-amz header", set("X-Amz-Extra", "1"), InvalidSignature, textMismatch},
		{"content type", set("Content-Type", "application/json"), InvalidSignature, textMismatch},
		{"body", func(r *Request) { r.BodyHash = HashBody([]byte(`{"a":2}`)) }, InvalidSignature, textMismatch},
		{"body hash header", set("X-Amz-Content-Sha256", HashBody(nil)), InvalidSignature, textMismatch},
		{"unsigned payload", set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"), InvalidSignature, textMismatch},
		{"streaming payload", set("X-Amz-Content-Sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"), InvalidSignature, textMismatch},
		{"two body hashes", func(r *Request) { r.Header.Add("X-Amz-Content-Sha256", r.BodyHash) }, IncompleteSignature, ""},
		{"signature", flip, InvalidSignature, textMismatch},
		{"signature upper case", func(r *Request) {
			a := r.Header.Get("Authorization")
			i := strings.Index(a, "Signature=") + 10
			r.Header.Set("Authorization", a[:i]+strings.ToUpper(a[i:]))
		}, InvalidSignature, textMismatch},
		{"unknown key", replaceAuth(vectorKey, "AKIDOTHER"), UnrecognizedClient, textUnknown},
		{"key case", replaceAuth(vectorKey, strings.ToLower(vectorKey)), UnrecognizedClient, textUnknown},
		{"scope date", replaceAuth("/20150830/", "/20150831/"), InvalidSignature,
			"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150831' != '20150830', from '20150830T123600Z'."},
		{"region", replaceAuth("/us-east-1/", "/eu-west-1/"), InvalidSignature, "Credential should be scoped to a valid region."},
		{"service", replaceAuth("/service/", "/sts/"), InvalidSignature, "Credential should be scoped to correct service: 'service'."},
		{"terminator", replaceAuth("aws4_request", "aws5_request"), IncompleteSignature, ""},
		{"host not signed", replaceAuth("host;", ""), InvalidSignature, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."},
		{"target not signed", replaceAuth(";x-amz-target", ""), InvalidSignature, textMismatch},
		{"header not signed", replaceAuth("my-header;", ""), InvalidSignature, textMismatch},
		{"date", set("X-Amz-Date", "20150830T123601Z"), InvalidSignature, textMismatch},
		{"date removed", func(r *Request) { r.Header.Del("X-Amz-Date") }, IncompleteSignature, ""},
		{"date malformed", set("X-Amz-Date", "2015-08-30T12:36:00Z"), IncompleteSignature, ""},
		{"date with fraction", set("X-Amz-Date", "20150830T123600.5Z"), IncompleteSignature, ""},
		{"two dates", func(r *Request) { r.Header.Add("X-Amz-Date", vectorDate) }, IncompleteSignature, ""},
		{"token exchanged", set("X-Amz-Security-Token", vectorToken2), UnrecognizedClient, textUnknown},
		{"token removed", func(r *Request) { r.Header.Del("X-Amz-Security-Token") }, UnrecognizedClient, textUnknown},
	} {
		v, r := full()
		c.tamper(&r)
		_, err := v.Verify(context.Background(), r, "service")
		if c.kind == 0 {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if e := wantKind(t, c.name, err, c.kind); c.text != "" && e.Message != c.text {
			t.Errorf("%s: text %q, want %q", c.name, e.Message, c.text)
		}
	}
}

// TestEveryBitOfTheHeader flips each byte of the Authorization header.
func TestEveryBitOfTheHeader(t *testing.T) {
	v, r := full()
	good := r.Header.Get("Authorization")
	for i := range len(good) {
		for _, bit := range []byte{1, 2, 4, 0x20, 0x80} {
			b := []byte(good)
			b[i] ^= bit
			r.Header.Set("Authorization", string(b))
			if _, err := v.Verify(context.Background(), r, "service"); err == nil {
				t.Fatalf("accepted %q", b)
			}
		}
	}
}

func TestTokenWithLongTermKey(t *testing.T) {
	_, r := full()
	_, err := vectorVerifier(Standard, "").Verify(context.Background(), r, "service")
	wantKind(t, "token with a key that has none", err, UnrecognizedClient)
}

func TestSkew(t *testing.T) {
	for _, c := range []struct {
		ahead time.Duration // of the server's clock
		text  string
	}{
		{0, ""},
		{5 * time.Minute, ""},
		{-5 * time.Minute, ""},
		{5*time.Minute + time.Second, "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)"},
		{-5*time.Minute - time.Second, "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T123059Z + 5 min.)"},
		{24 * time.Hour, "Signature expired: 20150830T123600Z is now earlier than 20150831T123100Z (20150831T123600Z - 5 min.)"},
	} {
		v, r := full()
		v.opts.Now = func() time.Time { return vectorTime().Add(c.ahead) }
		_, err := v.Verify(context.Background(), r, "service")
		if c.text == "" {
			if err != nil {
				t.Errorf("%v: %v", c.ahead, err)
			}
			continue
		}
		if e := wantKind(t, c.ahead.String(), err, InvalidSignature); e.Message != c.text {
			t.Errorf("%v: %q", c.ahead, e.Message)
		}
	}
}

func TestDateHeader(t *testing.T) {
	v := vectorVerifier(Standard, "")
	sc := scope{"20150830", "us-east-1", "service"}
	for _, date := range []string{"Sun, 30 Aug 2015 12:36:00 GMT", vectorDate} {
		h := http.Header{"Date": {date}}
		p := pieces{method: "GET", path: "/", host: "h", header: h, signed: []string{"date", "host"}, payload: emptyHash}
		h.Set("Authorization", algorithm+" Credential="+vectorKey+vectorScope+",SignedHeaders=date;host,Signature="+
			sign(deriveKey(vectorSecret, sc), stringToSign(algorithm, vectorDate, sc, p.hash())))
		if _, err := v.Verify(context.Background(), Request{Method: "GET", Path: "/", Host: "h", Header: h, BodyHash: emptyHash}, "service"); err != nil {
			t.Errorf("Date %q: %v", date, err)
		}
		h.Set("Date", "yesterday")
		_, err := v.Verify(context.Background(), Request{Method: "GET", Path: "/", Host: "h", Header: h, BodyHash: emptyHash}, "service")
		wantKind(t, "bad Date", err, IncompleteSignature)
	}
}

func TestLookupAnswers(t *testing.T) {
	_, r := full()
	boom := errors.New("boom")
	answer := func(c Credential, err error) error {
		v := NewVerifier(Options{Now: vectorTime, Lookup: func(_ context.Context, id, token string) (Credential, error) {
			if id != vectorKey || token != vectorToken {
				t.Errorf("lookup of %q with token %q", id, token)
			}
			return c, err
		}})
		_, err = v.Verify(context.Background(), r, "service")
		return err
	}
	wantKind(t, "expired", answer(Credential{}, ErrTokenExpired), ExpiredToken)
	if err := answer(Credential{}, boom); !errors.Is(err, boom) {
		t.Errorf("internal error became %v", err)
	}
	var e *Error
	if err := answer(Credential{}, nil); err == nil || errors.As(err, &e) {
		t.Errorf("a key without secret: %v", err)
	}
	if err := answer(Credential{Unchecked: true}, nil); err != nil {
		t.Errorf("unchecked key: %v", err)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=x")
	v := NewVerifier(Options{Lookup: func(context.Context, string, string) (Credential, error) { return Credential{Unchecked: true}, nil }})
	_, err := v.Verify(context.Background(), r, "service")
	wantKind(t, "malformed header with an unchecked key", err, IncompleteSignature)
}

func TestKeyCache(t *testing.T) {
	var c keyCache
	s := scope{"20150830", "r", "s"}
	for i := range 5 * maxKeys {
		c.put("id", strings.Repeat("x", i%7)+time.Duration(i).String(), s, [32]byte{1})
		if len(c.young)+len(c.old) > 2*maxKeys {
			t.Fatalf("cache holds %d keys", len(c.young)+len(c.old))
		}
	}
	c.put("id", "secret", s, [32]byte{2})
	if k, ok := c.get("id", "secret", s); !ok || k[0] != 2 {
		t.Error("a fresh key is gone")
	}
	for _, miss := range []cacheKey{{"id2", "secret", s}, {"id", "other", s}, {"id", "secret", scope{"20150831", "r", "s"}}} {
		if _, ok := c.get(miss.id, miss.secret, miss.scope); ok {
			t.Errorf("%+v found", miss)
		}
	}
	// A changed secret must not be answered by a key derived from the old one.
	v, r := full()
	if _, err := v.Verify(context.Background(), r, "service"); err != nil {
		t.Fatal(err)
	}
	v.opts.Lookup = func(context.Context, string, string) (Credential, error) {
		return Credential{Secret: "new", SessionToken: vectorToken}, nil
	}
	_, err := v.Verify(context.Background(), r, "service")
	wantKind(t, "after a change of secret", err, InvalidSignature)
}

func BenchmarkVerify(b *testing.B) {
	v, r := full()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(context.Background(), r, "service"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	r, err := http.NewRequest("POST", "https://idp.example/", nil)
	if err != nil {
		b.Fatal(err)
	}
	s := Signer{AccessKeyID: vectorKey, Secret: vectorSecret, Region: "us-east-1", Service: "service"}
	b.ReportAllocs()
	for b.Loop() {
		s.Sign(r, emptyHash, vectorTime())
	}
}

// only serves one Region.
func only(region arn.Region) func(string, arn.Region) bool {
	return func(_ string, r arn.Region) bool { return r == region }
}

// TestRegionOfUncheckedKeys: a signature that nobody checks names a Region all the same.
func TestRegionOfUncheckedKeys(t *testing.T) {
	v := NewVerifier(Options{
		Lookup: func(context.Context, string, string) (Credential, error) { return Credential{Unchecked: true}, nil },
		Region: func(service string, r arn.Region) bool { return service == "iam" || r.Valid() },
	})
	ask := func(region, service string) (Identity, error) {
		h := http.Header{"Authorization": {algorithm + " Credential=any/20260101/" + region + "/x/aws4_request, SignedHeaders=host, Signature=" + strings.Repeat("0", 64)}}
		return v.Verify(t.Context(), Request{Method: "POST", Path: "/", Header: h}, service)
	}
	if id, err := ask("eu-west-1", "cognito-idp"); err != nil || id.Region != "eu-west-1" {
		t.Errorf("%+v, %v", id, err)
	}
	_, err := ask("mars", "cognito-idp")
	if e := wantKind(t, "malformed", err, InvalidSignature); e.Message != "Credential should be scoped to a valid region." {
		t.Error(e.Message)
	}
	if _, err := ask("mars", "iam"); err != nil {
		t.Errorf("a global service: %v", err)
	}
}
