package sigv4

import (
	"slices"
	"strings"
	"testing"
)

const goodAuth = "AWS4-HMAC-SHA256 Credential=AKID/20150830/us-east-1/cognito-idp/aws4_request, SignedHeaders=host;x-amz-date, Signature=abc"

func TestParseAuthorization(t *testing.T) {
	for _, good := range []string{
		goodAuth,
		strings.ReplaceAll(goodAuth, ", ", ","),
		strings.ReplaceAll(goodAuth, ", ", ",   "),
		"AWS4-HMAC-SHA256 Signature=abc, SignedHeaders=host;x-amz-date, Credential=AKID/20150830/us-east-1/cognito-idp/aws4_request",
	} {
		a, err := parseAuthorization(good)
		if err != nil {
			t.Errorf("%q: %v", good, err)
			continue
		}
		if a.keyID != "AKID" || a.scope != (scope{"20150830", "us-east-1", "cognito-idp"}) || a.signature != "abc" ||
			!slices.Equal(a.signed, []string{"host", "x-amz-date"}) || !a.signs("host") || a.signs("date") {
			t.Errorf("%q: %+v", good, a)
		}
	}
	r := func(old, new string) string { return strings.Replace(goodAuth, old, new, 1) }
	for _, bad := range []string{
		"", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256\t" + goodAuth[17:], r("AWS4", "aws4"),
		r("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), r("AWS4-HMAC-SHA256", "AWS3-HTTPS"),
		r("Credential=", "credential="), r("Credential=", "Credential"), r("Credential=", ""), r("Signature=abc", "Signature="),
		r("SignedHeaders=host;x-amz-date", "SignedHeaders="), r(", Signature=abc", ""), goodAuth + ",", goodAuth + ", Signature=abc",
		goodAuth + ", Other=1", goodAuth + ", SignedHeaders=host", r("AKID/", "/"), r("AKID/", "AKID/x/"), r("/us-east-1", ""),
		r("us-east-1", ""), r("cognito-idp", ""), r("20150830", "2015083"), r("20150830", "2015083x"), r("aws4_request", ""),
		r("aws4_request", "aws4_request/"), r("aws4_request", "AWS4_REQUEST"), r("host;", "Host;"), r("host;x-amz-date", "x-amz-date;host"),
		r("host;", "host;host;"), r("host;", "host;;"), r("host;", ";host;"), r("x-amz-date", "x-amz-date;"), r("host;", "ho st;"),
		r("host;", "ho\x00st;"), r("abc", "a bc"), r("abc", "ab\xff"), r("AKID", strings.Repeat("A", maxKeyID+1)),
		r("abc", strings.Repeat("a", maxAuthorization)), r("host;", strings.Repeat("a;", maxSignedHeaders)),
	} {
		if a, err := parseAuthorization(bad); err == nil {
			t.Errorf("%.120q accepted: %+v", bad, a)
		} else {
			wantKind(t, bad, err, IncompleteSignature)
		}
	}
}

func FuzzParseAuthorization(f *testing.F) {
	f.Add(goodAuth)
	f.Add("AWS4-HMAC-SHA256 Credential=/////,SignedHeaders=;;,Signature=,")
	f.Fuzz(func(t *testing.T, h string) {
		a, err := parseAuthorization(h)
		if err != nil {
			if strings.Contains(err.Error(), h) && len(h) > 40 {
				t.Fatalf("error repeats the header")
			}
			return
		}
		if a.keyID == "" || a.scope.region == "" || a.scope.service == "" || len(a.scope.date) != 8 || a.signature == "" ||
			!slices.IsSorted(a.signed) || strings.Join(a.signed, "") == "" {
			t.Fatalf("%q gave %+v", h, a)
		}
		again := algorithm + " Credential=" + a.keyID + "/" + a.scope.String() + ",SignedHeaders=" + strings.Join(a.signed, ";") + ",Signature=" + a.signature
		b, err := parseAuthorization(again)
		if err != nil || b.keyID != a.keyID || b.scope != a.scope || b.signature != a.signature || !slices.Equal(b.signed, a.signed) {
			t.Fatalf("%q does not survive: %v", again, err)
		}
	})
}

func FuzzCanonical(f *testing.F) {
	f.Add("/a/../b//c%2f", "x=1&y=%zz&+=%20")
	f.Fuzz(func(t *testing.T, path, query string) {
		p := canonicalPath(path, Standard)
		for i := range len(p) {
			if !unreserved(p[i]) && p[i] != '/' && p[i] != '%' {
				t.Fatalf("path %q became %q", path, p)
			}
		}
		if once := canonicalPath(path, S3); canonicalPath(once, S3) != once {
			t.Fatalf("path %q became %q, then %q", path, once, canonicalPath(once, S3))
		}
		once := canonicalQuery(query, "")
		if twice := canonicalQuery(once, ""); twice != once {
			t.Fatalf("query %q: %q then %q", query, once, twice)
		}
	})
}
