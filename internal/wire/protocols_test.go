package wire_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/cognitosync"
	"cognate/internal/api/rt"
	"cognate/internal/api/sts"
	"cognate/internal/api/verifiedpermissions"
	"cognate/internal/wire"
)

// lenient takes any input, so that calls reach operations whatever is sent.
func lenient[S any](table []rt.Operation[S]) []rt.Operation[S] {
	table = slices.Clone(table)
	for i := range table {
		decode := table[i].Decode
		table[i].Decode = func(d *rt.Decoder) (any, error) { v, _ := decode(d); return v, nil }
	}
	return table
}

// form builds a signed Query call.
func form(values string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(values))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	r.Header.Set("Authorization", signedFor("sts"))
	return r
}

// rest builds a signed REST call.
func rest(method, path, body string) *http.Request {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", signedFor("cognito-sync"))
	return r
}

func signedFor(service string) string {
	return "AWS4-HMAC-SHA256 Credential=AKIA/20261130/eu-west-1/" + service + "/aws4_request, SignedHeaders=host, Signature=00"
}

const stsVersion = "&Version=2011-06-15"

// TestUnbuiltOperations: an operation without a room is refused for good, by its name, in the shape of its protocol; a
// 5xx would be sent again.
func TestUnbuiltOperations(t *testing.T) {
	w := newWorldOf(t,
		wire.NewService[cognitoidp.Service](cognitoidp.Info, "InvalidParameterException", lenient(cognitoidp.Operations), cognitoidp.Unimplemented{}),
		wire.NewService[verifiedpermissions.Service](verifiedpermissions.Info, "ValidationException", lenient(verifiedpermissions.Operations), verifiedpermissions.Unimplemented{}),
		wire.NewService[sts.Service](sts.Info, "ValidationError", lenient(sts.Operations), sts.Unimplemented{}),
		wire.NewService[cognitosync.Service](cognitosync.Info, "InvalidParameterException", lenient(cognitosync.Operations), cognitosync.Unimplemented{}))
	const text = " is not built yet in this version of Cognate"
	for _, op := range cognitoidp.Operations {
		code := "UnsupportedOperationException"
		if slices.Contains(op.Errors, "OperationNotEnabledException") {
			code = "OperationNotEnabledException"
		}
		wantError(t, w.do(request(op.Name, "{}")), 400, code, op.Name+text)
	}
	for _, op := range verifiedpermissions.Operations {
		r := request(op.Name, "{}")
		r.Header.Set("X-Amz-Target", "VerifiedPermissions."+op.Name)
		rec := w.do(r)
		wantError(t, rec, 400, "UnsupportedOperationException", op.Name+text)
		if got := raw(rec, "Content-Type"); got != "application/x-amz-json-1.0" {
			t.Errorf("%s answers %s", op.Name, got)
		}
	}
	for _, op := range sts.Operations {
		rec := w.do(form("Action=" + op.Name + stsVersion))
		if rec.Code != 400 || !strings.Contains(rec.Body.String(), "<Code>UnsupportedOperation</Code><Message>"+op.Name+text+"</Message>") {
			t.Errorf("%d %s", rec.Code, rec.Body)
		}
	}
	label := regexp.MustCompile(`\{[^}]*\}`)
	for _, op := range cognitosync.Operations {
		rec := w.do(rest(op.HTTP.Method, label.ReplaceAllString(op.HTTP.Path, "x"), ""))
		wantError(t, rec, 400, "UnsupportedOperationException", op.Name+text)
	}
}

// roles is an STS of which one operation is there.
type roles struct {
	sts.Unimplemented
	in *sts.AssumeRoleRequest
}

func (s *roles) AssumeRole(_ context.Context, in *sts.AssumeRoleRequest) (*sts.AssumeRoleResponse, error) {
	s.in = in
	if in.RoleSessionName == "refused" {
		return nil, &sts.MalformedPolicyDocumentException{Message: "a < b"}
	}
	return &sts.AssumeRoleResponse{
		Credentials:      &sts.Credentials{AccessKeyId: "ASIA", SecretAccessKey: "<&>", SessionToken: "t", Expiration: rt.TimeFromMillis(1767323045000)},
		PackedPolicySize: new(int64(6)),
	}, nil
}

const assume = "Action=AssumeRole" + stsVersion + "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fr&RoleSessionName="

func TestQuery(t *testing.T) {
	impl := &roles{}
	w := newWorldOf(t, wire.NewService[sts.Service](sts.Info, "ValidationError", sts.Operations, impl))
	rec := w.do(form(assume + "a%2Bb&DurationSeconds=900&Tags.member.2.Key=b&Tags.member.2.Value=&Tags.member.1.Key=a&Tags.member.1.Value=1" +
		"&TransitiveTagKeys.member.1=a&PolicyArns=&X-Other.9.y=z"))
	const result = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>` +
		`<AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>&lt;&amp;&gt;</SecretAccessKey><SessionToken>t</SessionToken>` +
		`<Expiration>2026-01-02T03:04:05Z</Expiration></Credentials><PackedPolicySize>6</PackedPolicySize></AssumeRoleResult>` +
		`<ResponseMetadata><RequestId>`
	id := raw(rec, "x-amzn-RequestId")
	if want := result + id + "</RequestId></ResponseMetadata></AssumeRoleResponse>"; rec.Code != 200 || rec.Body.String() != want || raw(rec, "Content-Type") != "text/xml" {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	checkHead(t, rec)
	in := impl.in
	if in.RoleSessionName != "a+b" || *in.DurationSeconds != 900 || len(in.Tags) != 2 || in.Tags[0].Key != "a" || in.Tags[1].Key != "b" ||
		in.Tags[1].Value != "" || in.TransitiveTagKeys[0] != "a" || in.PolicyArns == nil || len(in.PolicyArns) != 0 {
		t.Errorf("%+v", in)
	}

	r := form(assume + "ab")
	r.Header.Set("Accept", "text/html, application/json;q=0.9")
	rec = w.do(r)
	if want := `{"AssumeRoleResponse":{"AssumeRoleResult":{"Credentials":{"AccessKeyId":"ASIA","SecretAccessKey":"<&>","SessionToken":"t",` +
		`"Expiration":1767323045},"PackedPolicySize":6},"ResponseMetadata":{"RequestId":"` + raw(rec, "x-amzn-RequestId") + `"}}}`; rec.Body.String() != want ||
		raw(rec, "Content-Type") != "application/json" {
		t.Errorf("%s", rec.Body)
	}
	r = form(assume + "ab")
	r.URL.Path = "/base/"
	if rec = w.do(r); rec.Code != 200 {
		t.Errorf("base path: %d %s", rec.Code, rec.Body)
	}
	// All of it in a query string, and an unsigned operation that only its action tells.
	r = httptest.NewRequest(http.MethodGet, "/?"+assume+"ab", nil)
	r.Header.Set("Authorization", "x")
	if rec = w.do(r); rec.Code != 200 {
		t.Errorf("GET: %d %s", rec.Code, rec.Body)
	}
	r = form("Action=AssumeRoleWithWebIdentity" + stsVersion + "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fr&RoleSessionName=ab&WebIdentityToken=aaaa")
	r.Header.Del("Authorization")
	if rec = w.do(r); !strings.Contains(rec.Body.String(), "<Code>UnsupportedOperation</Code>") {
		t.Errorf("unsigned: %d %s", rec.Code, rec.Body)
	}
}

func TestQueryRefusals(t *testing.T) {
	w := newWorldOf(t, wire.NewService[sts.Service](sts.Info, "ValidationError", sts.Operations, &roles{}))
	many := strings.Repeat("&a=", 5001)
	for _, tt := range []struct {
		body, code, message string
		status              int
	}{
		{assume + "refused", "MalformedPolicyDocument", "a &lt; b", 400},
		{"Action=AssumeRole" + stsVersion, "ValidationError", "2 validation errors detected: Value null at 'roleArn' failed to satisfy constraint: " +
			"Member must not be null; Value null at 'roleSessionName' failed to satisfy constraint: Member must not be null", 400},
		{assume + "ab&Tags.member.1.Key=&Tags.member.1.Value=x", "ValidationError", "2 validation errors detected: Value '' at 'tags.1.member.key' " +
			`failed to satisfy constraint: Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+; ` +
			"Value '' at 'tags.1.member.key' failed to satisfy constraint: Member must have length greater than or equal to 1", 400},
		{assume + "ab&DurationSeconds=soon", "ValidationError", "DurationSeconds can not be converted to an Integer", 400},
		{assume + "ab&DurationSeconds=9999999999999", "ValidationError", "1 validation error detected: Value '9999999999999' at 'durationSeconds' " +
			"failed to satisfy constraint: Member must have value less than or equal to 43200", 400},
		{assume + "ab&Tags.member.1=x", "ValidationError", "1 can not be converted to a structure", 400},
		{assume + "ab&Tags.member.2.Key=x&Tags.member.2.Value=x", "ValidationError", "Tags can not be converted to a list", 400},
		{assume + "ab&Tags.member.01.Key=x", "ValidationError", "Tags can not be converted to a list", 400},
		{assume + "ab&Tags.1.Key=x", "ValidationError", "Tags can not be converted to a list", 400},
		{assume + "ab&RoleSessionName.x=y", "MalformedQueryString", "Parameter RoleSessionName.x is given twice or in two forms", 400},
		{assume + "ab&RoleSessionName=y", "MalformedQueryString", "Parameter RoleSessionName is given twice or in two forms", 400},
		{assume + "%zz", "MalformedQueryString", "Malformed parameter", 400},
		{assume + "%ff", "MalformedQueryString", "Malformed parameter", 400},
		{assume + many, "MalformedQueryString", "Too many parameters", 400},
		{assume + "ab&" + strings.Repeat("a.", 40), "MalformedQueryString", "A parameter&#39;s name is too long", 400},
		{"Action=Nope" + stsVersion, "InvalidAction", "Could not find operation Nope for version 2011-06-15", 400},
		{"Action=AssumeRole&Version=1", "InvalidAction", "Could not find operation AssumeRole for version 1", 400},
		{"Action=AssumeRole", "InvalidAction", "Could not find operation AssumeRole for version NO_VERSION_SPECIFIED", 400},
		{"", "InvalidAction", "Could not find operation  for version NO_VERSION_SPECIFIED", 400},
		{strings.Repeat("a", wire.MaxBody+1), "RequestEntityTooLarge", "Request body is larger than 1 MiB", 413},
	} {
		rec := w.do(form(tt.body))
		want := "<Error><Type>Sender</Type><Code>" + tt.code + "</Code><Message>" + strings.ReplaceAll(tt.message, "&#39;", "'") + "</Message></Error><RequestId>" + raw(rec, "x-amzn-RequestId") + "</RequestId></ErrorResponse>"
		if rec.Code != tt.status || !strings.HasSuffix(rec.Body.String(), want) {
			t.Errorf("%.80s: %d %s", tt.body, rec.Code, rec.Body)
		}
		checkHead(t, rec)
	}
	for code, want := range map[string]string{
		"MissingAuthenticationTokenException": "MissingAuthenticationToken", "InvalidSignatureException": "SignatureDoesNotMatch",
		"UnrecognizedClientException": "InvalidClientTokenId", "ExpiredTokenException": "ExpiredToken", "AccessDeniedException": "AccessDenied",
	} {
		w.gate.authErr = &rt.Common{Code: code, Message: "m"}
		if rec := w.do(form(assume + "ab")); rec.Code != 403 || !strings.Contains(rec.Body.String(), "<Code>"+want+"</Code>") {
			t.Errorf("%s: %d %s", code, rec.Code, rec.Body)
		}
	}
}

// datasets is a Cognito Sync of which two operations are there.
type datasets struct {
	cognitosync.Unimplemented
	update *cognitosync.UpdateRecordsRequest
	list   *cognitosync.ListRecordsRequest
}

func (s *datasets) UpdateRecords(_ context.Context, in *cognitosync.UpdateRecordsRequest) (*cognitosync.UpdateRecordsResponse, error) {
	s.update = in
	return &cognitosync.UpdateRecordsResponse{Records: []cognitosync.Record{{Key: new("k"), LastModifiedDate: new(rt.TimeFromMillis(1500))}}}, nil
}

func (s *datasets) ListRecords(_ context.Context, in *cognitosync.ListRecordsRequest) (*cognitosync.ListRecordsResponse, error) {
	s.list = in
	return nil, &cognitosync.TooManyRequestsException{Message: "slow down"}
}

const dataset = "/identitypools/eu-west-1%3A00000000-0000-0000-0000-000000000001/identities/eu-west-1%3A00000000-0000-0000-0000-000000000002/datasets/a%2Fb"

func TestREST(t *testing.T) {
	impl := &datasets{}
	w := newWorldOf(t, wire.NewService[cognitosync.Service](cognitosync.Info, "InvalidParameterException", cognitosync.Operations, impl))
	path := strings.Replace(dataset, "a%2Fb", "notes", 1)
	// Members of the head cannot be replaced by the body, however it spells them.
	r := rest("POST", path, `{"SyncSessionToken":"t","DatasetName":"other","\u0049dentityId":{"x":[1]},"ClientContext":"b","RecordPatches":[{"Op":"replace","Key":"k","SyncCount":0}]}`)
	r.Header.Set("x-amz-Client-Context", "head")
	rec := w.do(r)
	if rec.Code != 200 || rec.Body.String() != `{"Records":[{"Key":"k","LastModifiedDate":1.5}]}` || raw(rec, "Content-Type") != "application/json" {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	checkHead(t, rec)
	in := impl.update
	if in.IdentityPoolId != "eu-west-1:00000000-0000-0000-0000-000000000001" || in.IdentityId != "eu-west-1:00000000-0000-0000-0000-000000000002" ||
		in.DatasetName != "notes" || *in.ClientContext != "head" || in.SyncSessionToken != "t" || len(in.RecordPatches) != 1 {
		t.Errorf("%+v", in)
	}
	rec = w.do(rest("GET", path+"/records?maxResults=7&lastSyncCount=12&unknown=1", ""))
	wantError(t, rec, 429, "TooManyRequestsException", "slow down")
	if *impl.list.MaxResults != 7 || *impl.list.LastSyncCount != 12 || impl.list.NextToken != nil {
		t.Errorf("%+v", impl.list)
	}
	for _, tt := range []struct {
		method, path, body, code, message string
		status                            int
	}{
		{"GET", dataset, "", "InvalidParameterException", "1 validation error detected: Value 'a/b' at 'datasetName' failed to satisfy constraint: " +
			"Member must satisfy regular expression pattern: [a-zA-Z0-9_.:-]+", 400},
		{"GET", path + "/records?maxResults=x", "", "SerializationException", "MaxResults can not be converted to an Integer", 400},
		{"GET", path + "/records?maxResults=%zz", "", "SerializationException", "Malformed parameter", 400},
		{"POST", path, "[]", "SerializationException", "Start of list found where not expected", 400},
		{"POST", path, "{", "SerializationException", "", 400},
		{"POST", path, `{"SyncSessionToken":"t"}x`, "SerializationException", "", 400},
		{"POST", path, "", "InvalidParameterException", "1 validation error detected: Value null at 'syncSessionToken' failed to satisfy constraint: Member must not be null", 400},
		{"PUT", path, "", "UnknownOperationException", "No operation has this method and path.", 404},
		{"GET", path + "/", "", "UnknownOperationException", "No operation has this method and path.", 404},
		{"GET", "/identitypools//events", "", "UnknownOperationException", "No operation has this method and path.", 404},
		{"GET", "/nothing", "", "UnknownOperationException", "No operation has this method and path.", 404},
	} {
		wantError(t, w.do(rest(tt.method, tt.path, tt.body)), tt.status, tt.code, tt.message)
	}
	unsigned := rest("GET", path, "")
	unsigned.Header.Del("Authorization")
	wantError(t, w.do(unsigned), 403, "MissingAuthenticationTokenException", "Missing Authentication Token")
}

// TestUnknownIsLogged: the one log event tells what was asked for, in each protocol.
func TestUnknownIsLogged(t *testing.T) {
	w := newWorldOf(t, wire.NewService[sts.Service](sts.Info, "ValidationError", sts.Operations, &roles{}))
	jsonCall := httptest.NewRequest("POST", "/", strings.NewReader("{}"))
	jsonCall.Header.Set("Content-Type", "application/x-amz-json-1.0")
	jsonCall.Header.Set("X-Amz-Target", "Other_2020.Do")
	jsonCall.Host = "other-fips.eu-west-1.amazonaws.com:443"
	foreign := form("Action=ListUsers&Version=2010-05-08")
	foreign.Header.Set("Authorization", signedFor("iam"))
	for _, tt := range []struct {
		r                   *http.Request
		contentType, logged string
	}{
		{jsonCall, "application/x-amz-json-1.0", `"service":"other","target":"Other_2020.Do"`},
		{foreign, "text/xml", `"service":"iam","target":"ListUsers"`},
		{form("Action=Nope" + stsVersion), "text/xml", `"service":"sts","target":"Nope"`},
		{rest("GET", "/identitypools", ""), "application/json", `"service":"cognito-sync","target":"GET /identitypools"`},
		{httptest.NewRequest("GET", "/x", nil), "", `"target":"GET /x"`},
	} {
		w.log.Reset()
		rec := w.do(tt.r)
		if raw(rec, "Content-Type") != tt.contentType || rec.Code < 400 || rec.Code > 499 || !strings.Contains(w.log.String(), tt.logged) {
			t.Errorf("%s: %d %v %s", tt.logged, rec.Code, rec.Header(), w.log)
		}
	}
	w.log.Reset()
	w.do(form(assume + "ab"))
	if !strings.Contains(w.log.String(), `"service":"sts","operation":"AssumeRole"`) {
		t.Errorf("%s", w.log)
	}
}

func FuzzQuery(f *testing.F) {
	f.Add("", assume+"ab&Tags.member.1.Key=a&Tags.member.1.Value=b")
	f.Add("Action=DecodeAuthorizationMessage"+stsVersion, "EncodedMessage=x")
	w := newWorldOf(f, wire.NewService[sts.Service](sts.Info, "ValidationError", sts.Operations, &roles{}))
	f.Fuzz(func(t *testing.T, query, body string) {
		r := form(body)
		r.URL.RawQuery = query
		fuzzed(t, w, r)
	})
}

func FuzzREST(f *testing.F) {
	f.Add("POST", dataset, "lastSyncCount=1", "context", `{"SyncSessionToken":"t","RecordPatches":[{}]}`)
	f.Add("GET", "/identitypools", "maxResults=1", "", "")
	w := newWorldOf(f, wire.NewService[cognitosync.Service](cognitosync.Info, "InvalidParameterException", cognitosync.Operations, &datasets{}))
	f.Fuzz(func(t *testing.T, method, path, query, context, body string) {
		r := rest("POST", "/", body)
		r.Method, r.URL = method, &url.URL{RawPath: path, RawQuery: query}
		r.URL.Path, _ = url.PathUnescape(path)
		r.Header.Set("x-amz-Client-Context", context)
		fuzzed(t, w, r)
	})
}

// fuzzed holds that an answer is well formed and no request is the server's fault.
func fuzzed(t *testing.T, w *world, r *http.Request) {
	w.log.Reset()
	rec := w.do(r)
	checkHead(t, rec)
	if rec.Code >= 500 || strings.Contains(w.log.String(), "panic") {
		t.Fatal(rec.Code, w.log)
	}
}
