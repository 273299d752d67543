package sigv4

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// presign signs the query string of a GET request as clients do.
func presign(query url.Values, expires string) Request {
	date := vectorTime().UTC().Format(timeFormat)
	sc := scope{date[:8], "us-east-1", "service"}
	query.Set(queryAlgorithm, algorithm)
	query.Set(queryCredential, vectorKey+"/"+sc.String())
	query.Set(queryDate, date)
	query.Set(queryExpires, expires)
	query.Set(querySigned, "host")
	query.Set(queryToken, vectorToken)
	raw := strings.ReplaceAll(query.Encode(), "+", "%20")
	r := Request{Method: "GET", Path: "/", Host: "sts.example", Header: http.Header{}, BodyHash: emptyHash}
	p := pieces{method: r.Method, path: "/", query: canonicalQuery(raw, ""), host: r.Host, header: r.Header, signed: []string{"host"}, payload: emptyHash}
	r.RawQuery = raw + "&" + querySignature + "=" + sign(deriveKey(vectorSecret, sc), stringToSign(algorithm, date, sc, p.hash()))
	return r
}

func TestQuery(t *testing.T) {
	ask := func() Request {
		return presign(url.Values{"Action": {"GetCallerIdentity"}, "Version": {"2011-06-15"}}, "60")
	}
	v := vectorVerifier(Standard, vectorToken)
	got, err := v.Verify(context.Background(), ask(), "service")
	if err != nil || got.AccessKeyID != vectorKey || got.Service != "service" || !got.SignedAt.Equal(vectorTime()) {
		t.Fatalf("%+v %v", got, err)
	}
	region, service, ok := Scope(http.Header{}, ask().RawQuery)
	if !ok || region != "us-east-1" || service != "service" {
		t.Errorf("%s %s %t", region, service, ok)
	}
	sub := func(old, new string) func(*Request) {
		return func(r *Request) {
			if !strings.Contains(r.RawQuery, old) {
				t.Fatalf("%s is not in %s", old, r.RawQuery)
			}
			r.RawQuery = strings.Replace(r.RawQuery, old, new, 1)
		}
	}
	for name, c := range map[string]struct {
		change func(*Request)
		want   Kind
	}{
		"another action":     {sub("GetCallerIdentity", "GetSessionToken"), InvalidSignature},
		"a parameter more":   {func(r *Request) { r.RawQuery += "&a=b" }, InvalidSignature},
		"another host":       {func(r *Request) { r.Host = "else.example" }, InvalidSignature},
		"another method":     {func(r *Request) { r.Method = "POST" }, InvalidSignature},
		"a body":             {func(r *Request) { r.BodyHash = HashBody([]byte("x")) }, InvalidSignature},
		"longer":             {sub("X-Amz-Expires=60", "X-Amz-Expires=61"), InvalidSignature},
		"an unsigned header": {func(r *Request) { r.Header.Set("X-Amz-Target", "x") }, InvalidSignature},
		"no token":           {sub("X-Amz-Security-Token="+url.QueryEscape(vectorToken), "a=b"), UnrecognizedClient},
		"for ever":           {sub("X-Amz-Expires=60", "X-Amz-Expires=604801"), IncompleteSignature},
		"for no time":        {sub("X-Amz-Expires=60", "X-Amz-Expires=0"), IncompleteSignature},
		"negative":           {sub("X-Amz-Expires=60", "X-Amz-Expires=-1"), IncompleteSignature},
		"twice":              {func(r *Request) { r.RawQuery += "&X-Amz-Date=20150830T123600Z" }, IncompleteSignature},
		"twice, encoded":     {func(r *Request) { r.RawQuery += "&X-Amz%2DDate=20150830T123600Z" }, IncompleteSignature},
		"no date":            {sub("X-Amz-Date=", "x="), IncompleteSignature},
		"another algorithm":  {sub(algorithm, "AWS4-ECDSA-P256-SHA256"), IncompleteSignature},
		"in both places":     {func(r *Request) { r.Header.Set("Authorization", goodAuth) }, IncompleteSignature},
		"without host":       {sub("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=x-y"), InvalidSignature},
		"nothing":            {func(r *Request) { r.RawQuery = "Action=GetCallerIdentity" }, MissingAuthenticationToken},
	} {
		r := ask()
		c.change(&r)
		_, err := v.Verify(context.Background(), r, "service")
		wantKind(t, name, err, c.want)
	}
	if _, err := v.Verify(context.Background(), ask(), "other"); err == nil {
		t.Error("signed for another service")
	}
}

func TestQueryTime(t *testing.T) {
	for at, good := range map[time.Duration]bool{
		-6 * time.Minute: false, -4 * time.Minute: true, 0: true, 10*time.Minute - time.Second: true, 10 * time.Minute: false, time.Hour: false,
	} {
		v := vectorVerifier(Standard, vectorToken)
		v.opts.Now = func() time.Time { return vectorTime().Add(at) }
		if _, err := v.Verify(context.Background(), presign(url.Values{"a": {"b c"}}, "600"), "service"); (err == nil) != good {
			t.Errorf("%v: %v", at, err)
		}
	}
}

func FuzzParseQuery(f *testing.F) {
	f.Add(presign(url.Values{"Action": {"x"}}, "60").RawQuery)
	f.Fuzz(func(t *testing.T, raw string) {
		if p, err := parseQuery(raw); err == nil && (p.keyID == "" || p.expires <= 0 || p.expires > longestExpiry || p.signature == "") {
			t.Fatalf("%q gave %+v", raw, p)
		}
	})
}
