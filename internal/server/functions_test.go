package server

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cognate/internal/base/lambda"
	"cognate/internal/base/obs"
	"cognate/internal/config"
)

const echoARN = "arn:aws:lambda:us-east-1:000000000000:function:echo"

func functionSettings(t *testing.T, mode config.Mode) config.Settings {
	t.Helper()
	return config.Settings{
		Mode: mode, Listen: "127.0.0.1:0", PublicURL: "http://localhost:1", Region: "us-east-1", Account: "000000000000",
		Data: t.TempDir(), RootAccessKeyID: "AKIDROOT", RootSecretAccessKey: "secret",
	}
}

func functionApp(t *testing.T, s config.Settings) *app {
	t.Helper()
	a, err := build(context.Background(), s, obs.Discard())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	return a
}

func writeText(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const echoFile = `
functions:
  - arn: ` + echoARN + `
    local: {path: code, handler: fn.echo, runtime: python}
`

func echoFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "code"), 0o755); err != nil {
		t.Fatal(err)
	}
	writeText(t, filepath.Join(dir, "code", "fn.py"), "import os\ndef echo(e, c): return {'e': e, 'kms': os.environ['AWS_ENDPOINT_URL_KMS']}\n")
	writeText(t, filepath.Join(dir, "functions.yaml"), echoFile)
	return dir
}

func TestFunctionsFromFile(t *testing.T) {
	s := functionSettings(t, config.Dev)
	dir := echoFolder(t)
	s.Functions = filepath.Join(dir, "functions.yaml")
	a := functionApp(t, s)
	if err := a.prepareData(context.Background()); err != nil {
		t.Fatal(err)
	}
	result, err := a.functions.Invoke(context.Background(), lambda.Invocation{ARN: echoARN, Payload: []byte(`{"a":1}`)})
	if err != nil || !strings.Contains(string(result.Payload), `"e": {"a": 1}`) || !strings.Contains(string(result.Payload), "http://localhost:1") {
		t.Fatalf("%+v %v", result, err)
	}
	if len(a.functions.Invocations("")) != 1 {
		t.Error("dev remembers no invocations")
	}
	writeText(t, s.Functions, "functions: []\n")
	if err := a.applyFunctionFile(); err != nil || len(a.functions.List()) != 0 {
		t.Errorf("%v %v", err, a.functions.List())
	}
	for _, text := range []string{"functions: [{arn: x}]", "other: 1", "functions: {", "- 1"} {
		writeText(t, s.Functions, text)
		if err := a.applyFunctionFile(); err == nil {
			t.Errorf("%s was accepted", text)
		}
	}
}

func TestFunctionsFromSeed(t *testing.T) {
	s := functionSettings(t, config.Dev)
	s.Seed = filepath.Join(echoFolder(t), "functions.yaml")
	a := functionApp(t, s)
	if err := a.prepareData(context.Background()); err != nil {
		t.Fatal(err)
	}
	if list := a.functions.List(); len(list) != 1 || list[0].Source != "seed" || !filepath.IsAbs(list[0].Local.Path) {
		t.Errorf("%+v", list)
	}
}

func TestServeRefusesLocalFunctions(t *testing.T) {
	s := functionSettings(t, config.Serve)
	s.Functions = filepath.Join(echoFolder(t), "functions.yaml")
	err := functionApp(t, s).prepareData(context.Background())
	if err == nil || !strings.Contains(err.Error(), "--allow-local-functions") {
		t.Fatal(err)
	}
	s.Data, s.AllowLocalFunctions = t.TempDir(), true
	a := functionApp(t, s)
	if err := a.prepareData(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := a.functions.Invoke(context.Background(), lambda.Invocation{ARN: echoARN, Payload: []byte(`{}`)}); err != nil {
		t.Error(err)
	}
	if len(a.functions.Invocations("")) != 0 {
		t.Error("serve keeps events in memory")
	}
}

// TestMissingCode: a function whose code is not there is told at the start, and does not stop it.
func TestMissingCode(t *testing.T) {
	s := functionSettings(t, config.Dev)
	s.Functions = filepath.Join(echoFolder(t), "functions.yaml")
	writeText(t, s.Functions, echoFile+"  - {arn: "+echoARN+"2, local: {path: gone, handler: fn.echo, runtime: python}}\n")
	var log bytes.Buffer
	a := functionApp(t, s)
	a.log = obs.NewLogger(&log, obs.Text, slog.LevelInfo)
	if err := a.prepareData(t.Context()); err != nil {
		t.Fatal(err)
	}
	if text := log.String(); strings.Count(text, "WARN") != 1 || !strings.Contains(text, echoARN+"2 missing=") || !strings.Contains(text, "/gone") {
		t.Errorf("warned:\n%s", text)
	}
}

// TestPutFunctionsStay: what a command configured is there after a restart.
func TestPutFunctionsStay(t *testing.T) {
	s := functionSettings(t, config.Dev)
	a := functionApp(t, s)
	admin := &functions{app: a}
	f := lambda.Function{ARN: echoARN, Webhook: &lambda.Webhook{URL: "https://example.com", Secret: "0123456789abcdef"}}
	if err := admin.Put(f); err != nil {
		t.Fatal(err)
	}
	if err := admin.Put(lambda.Function{ARN: echoARN + "2", Local: &lambda.Local{Path: "here", Runtime: "go"}}); err == nil {
		t.Error("a relative path was accepted")
	}
	info, err := os.Stat(a.functionStore())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info, err)
	}
	again := functionApp(t, s)
	if err := again.loadFunctions(); err != nil {
		t.Fatal(err)
	}
	if got := again.functions.Functions(fromCommand); len(got) != 1 || got[0].Webhook.Secret != f.Webhook.Secret {
		t.Errorf("%+v", got)
	}
	if err := (&functions{app: again}).Remove(echoARN); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(a.functionStore()); err != nil || strings.TrimSpace(string(text)) != "[]" {
		t.Errorf("%s %v", text, err)
	}
	writeText(t, a.functionStore(), "broken")
	if err := functionApp(t, s).loadFunctions(); err != nil {
		t.Errorf("a broken store stops the server: %v", err)
	}
}

func TestFunctionEnv(t *testing.T) {
	s := functionSettings(t, config.Serve)
	env := functionEnv(s, []string{"AWS_ENDPOINT_URL_S3=http://s3", "AWS_ENDPOINT_URL_KMS=http://kms", "AWS_SECRET_ACCESS_KEY=secret", "COGNATE_KEY=secret"})
	for name, want := range map[string]string{
		"AWS_ENDPOINT_URL_S3": "http://s3", "AWS_ENDPOINT_URL_KMS": "http://kms",
		"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": "http://localhost:1", "AWS_SECRET_ACCESS_KEY": "", "COGNATE_KEY": "",
	} {
		if env[name] != want {
			t.Errorf("%s = %q, want %q", name, env[name], want)
		}
	}
}
