package cli

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// What deploy/ and the Containerfile run has to be a command line of this program.

const repository = "../.."

// runs fails unless args are a command line that can be read.
func runs(t *testing.T, where string, args []string) {
	t.Helper()
	if _, err := parse(t, args...); err != nil {
		t.Errorf("%s: cognate %s: %v", where, strings.Join(args, " "), err)
	}
}

// variablesOf are the names of all variables that set a flag.
func variablesOf(t *testing.T) map[string]bool {
	t.Helper()
	var r root
	parser, err := newParser(&r, os.Stdout, os.Stderr, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	_ = kong.Visit(parser.Model, func(n kong.Visitable, next kong.Next) error {
		if f, ok := n.(*kong.Flag); ok {
			for _, name := range f.Tag.Envs {
				known[name], known[name+fileSuffix] = true, true
			}
		}
		return next(nil)
	})
	return known
}

// unprivileged sets variables so that serve's required flags are there.
func unprivileged(t *testing.T) {
	for name, value := range map[string]string{"LISTEN": ":1", "PUBLIC_URL": "https://id.example.com", "REGION": "us-east-1", "ACCOUNT": "000000000000"} {
		t.Setenv("COGNATE_"+name, value)
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestContainerfile: what is copied is there, the last stage has nobody's rights
// and a health check without a shell.
func TestContainerfile(t *testing.T) {
	unprivileged(t)
	text := strings.ReplaceAll(readFile(t, "Containerfile"), "\\\n", " ")
	var stages [][][2]string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, rest, _ := strings.Cut(line, " ")
		if name == "FROM" {
			stages = append(stages, nil)
		}
		if len(stages) == 0 {
			t.Fatalf("%s before FROM", name)
		}
		stages[len(stages)-1] = append(stages[len(stages)-1], [2]string{name, strings.TrimSpace(rest)})
	}
	first, last := stages[0], map[string]string{}
	for _, i := range stages[len(stages)-1] {
		last[i[0]] = i[1]
	}
	toolchain := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(readFile(t, "go.mod"))[1]
	if !strings.Contains(first[0][1], "golang:"+toolchain+" ") {
		t.Errorf("builds with %s, go.mod wants %s", first[0][1], toolchain)
	}
	kept := readFile(t, ".dockerignore")
	for _, i := range first {
		if i[0] != "COPY" {
			continue
		}
		for _, source := range strings.Fields(i[1])[:len(strings.Fields(i[1]))-1] {
			if source != "." && !strings.Contains(kept, "!"+source+"\n") {
				t.Errorf("%s is copied and ignored", source)
			}
		}
	}
	needs, err := exec.Command("go", "list", "-deps", "-f", `{{with .Module}}{{if .Main}}{{$.ImportPath}}{{end}}{{end}}`, "../../cmd/cognate").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range strings.Fields(string(needs)) {
		if folder := strings.Split(path, "/")[1]; !strings.Contains(kept, "!"+folder+"\n") {
			t.Errorf("%s is needed and ignored", path)
		}
	}
	if last["FROM"] != "scratch" || !regexp.MustCompile(`^[1-9]\d*:[1-9]\d*$`).MatchString(last["USER"]) {
		t.Errorf("from %q, user %q", last["FROM"], last["USER"])
	}
	if last["ENTRYPOINT"] != `["/usr/bin/cognate"]` {
		t.Errorf("entry point %s", last["ENTRYPOINT"])
	}
	var command, health []string
	_, check, _ := strings.Cut(last["HEALTHCHECK"], "CMD ")
	if err := errors.Join(yaml.Unmarshal([]byte(last["CMD"]), &command), yaml.Unmarshal([]byte(check), &health)); err != nil || len(health) < 2 || health[0] != "/usr/bin/cognate" {
		t.Fatalf("%v, health check %v", err, health)
	}
	runs(t, "CMD", command)
	runs(t, "HEALTHCHECK", health[1:])
}

// TestCompose: commands and variables are ours, secrets are files, and every
// service tells how it is.
func TestCompose(t *testing.T) {
	unprivileged(t)
	known := variablesOf(t)
	for _, name := range []string{"compose.yaml", "compose.dev.yaml"} {
		var doc struct {
			Services map[string]struct {
				Build       struct{ Context, Dockerfile string }
				Command     []string
				Environment map[string]string
				Secrets     []string
				Healthcheck struct{ Test []string }
				Volumes     []string
			}
			Secrets map[string]struct{ File string }
		}
		text := readFile(t, "deploy/"+name)
		if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
			t.Fatal(err)
		}
		for service, s := range doc.Services {
			if len(s.Healthcheck.Test) == 0 {
				t.Errorf("%s: %s has no health check", name, service)
			}
			for _, secret := range s.Secrets {
				if doc.Secrets[secret].File == "" {
					t.Errorf("%s: secret %s is no file", name, secret)
				}
			}
			for variable, value := range s.Environment {
				if file, ok := strings.CutPrefix(value, "/run/secrets/"); ok && !slices.Contains(s.Secrets, file) {
					t.Errorf("%s: %s reads a secret that %s does not get", name, variable, service)
				}
				if strings.HasPrefix(variable, "COGNATE_") && !known[variable] {
					t.Errorf("%s: %s sets nothing", name, variable)
				}
			}
		}
		own := doc.Services["cognate"]
		runs(t, name, own.Command)
		runs(t, name, own.Healthcheck.Test[2:])
		for file := range regexpAll(`> (deploy/secrets/\w+)`, text) {
			if base := filepath.Base(file); doc.Secrets[base].File == "" {
				t.Errorf("%s: the comment makes %s, which nothing uses", name, file)
			}
		}
	}
	if _, err := exec.LookPath("docker"); err == nil && exec.Command("docker", "compose", "version").Run() == nil {
		for _, name := range []string{"compose.yaml", "compose.dev.yaml"} {
			if out, err := exec.Command("docker", "compose", "-f", filepath.Join(repository, "deploy", name), "config", "-q").CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", name, err, out)
			}
		}
	}
}

func regexpAll(pattern, text string) map[string]bool {
	found := map[string]bool{}
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found[m[1]] = true
	}
	return found
}

// TestUnit: the unit file runs command lines of ours, with settings that are
// complete, and systemd understands it where there is one.
func TestUnit(t *testing.T) {
	unit := readFile(t, "deploy/cognate.service")
	settings, err := filepath.Abs(filepath.Join(repository, "deploy/cognate.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	for line := range strings.Lines(unit) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if args := strings.Fields(value); strings.HasPrefix(name, "ExecStart") && args[0] == "/usr/local/bin/cognate" {
			commands++
			for i := range args {
				args[i] = strings.Replace(args[i], "/etc/cognate/cognate.yaml", settings, 1)
			}
			runs(t, name, args[1:])
		}
	}
	if commands != 2 {
		t.Errorf("%d commands", commands)
	}
	r, err := parse(t, "--config", settings, "serve")
	if err != nil {
		t.Fatal(err)
	}
	s := r.Serve.serving()
	if err := s.Validate(); err != nil || s.Data != "/var/lib/cognate" {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := exec.LookPath("systemd-analyze"); err != nil && os.Getenv("COGNATE_TEST_TOOLS") == "" {
		t.Skip("without systemd-analyze, which make test has")
	}
	file := filepath.Join(t.TempDir(), "cognate.service")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(unit, "/usr/local/bin/cognate", "/bin/true")), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("systemd-analyze", "verify", "--man=no", file).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}

// chart renders the templates of the Helm chart with the functions that they
// use; helm itself lints it in make test-helm.
func chart(t *testing.T, values string) (map[string]map[string]any, error) {
	t.Helper()
	var all, given, meta map[string]any
	for into, text := range map[*map[string]any]string{&all: readFile(t, "deploy/helm/cognate/values.yaml"), &given: values, &meta: readFile(t, "deploy/helm/cognate/Chart.yaml")} {
		if err := yaml.Unmarshal([]byte(text), into); err != nil {
			t.Fatal(err)
		}
	}
	merge(all, given)
	root := template.New("")
	nindent := func(n int, s string) string {
		pad := strings.Repeat(" ", n)
		return "\n" + pad + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n"+pad)
	}
	root.Funcs(template.FuncMap{
		"include": func(name string, data any) (string, error) {
			var b bytes.Buffer
			err := root.ExecuteTemplate(&b, name, data)
			return b.String(), err
		},
		"required": func(text string, v any) (any, error) {
			if v == nil || v == "" {
				return nil, errors.New(text)
			}
			return v, nil
		},
		"default": func(other, v any) any {
			if v == nil || reflect.ValueOf(v).IsZero() {
				return other
			}
			return v
		},
		"toYaml":     func(v any) (string, error) { b, err := yaml.Marshal(v); return strings.TrimRight(string(b), "\n"), err },
		"quote":      func(v any) string { return fmt.Sprintf("%q", fmt.Sprint(v)) },
		"nindent":    nindent,
		"trunc":      func(n int, s string) string { return s[:min(n, len(s))] },
		"trimSuffix": func(suffix, s string) string { return strings.TrimSuffix(s, suffix) },
		"contains":   func(part, s string) bool { return strings.Contains(s, part) },
		"int":        func(v any) int { n, _ := v.(int); return n },
		"sha256sum":  func(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) },
		"join": func(sep string, list []any) string {
			var texts []string
			for _, v := range list {
				texts = append(texts, fmt.Sprint(v))
			}
			return strings.Join(texts, sep)
		},
	})
	files, err := filepath.Glob(filepath.Join(repository, "deploy/helm/cognate/templates/*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	if _, err := root.ParseFiles(files...); err != nil {
		t.Fatal(err)
	}
	data := map[string]any{
		"Values": all, "Release": map[string]any{"Name": "demo", "Service": "Helm"},
		"Chart": map[string]any{"Name": meta["name"], "Version": meta["version"], "AppVersion": meta["appVersion"]},
	}
	objects := map[string]map[string]any{}
	for _, file := range files {
		var b bytes.Buffer
		if err := root.ExecuteTemplate(&b, filepath.Base(file), data); err != nil {
			return nil, err
		}
		var object map[string]any
		if filepath.Ext(file) != ".yaml" {
			continue
		}
		if err := yaml.Unmarshal(b.Bytes(), &object); err != nil {
			t.Fatalf("%s: %v\n%s", file, err, &b)
		}
		if object != nil {
			objects[object["kind"].(string)] = object
		}
	}
	return objects, nil
}

func merge(into, from map[string]any) {
	for k, v := range from {
		sub, ok := v.(map[string]any)
		if old, is := into[k].(map[string]any); ok && is {
			merge(old, sub)
			continue
		}
		into[k] = v
	}
}

// at follows names and list indexes into a tree.
func at(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

func TestChart(t *testing.T) {
	unprivileged(t)
	for _, missing := range []string{"publicURL: ''", "publicURL: https://id.example.com"} {
		if _, err := chart(t, missing); err == nil {
			t.Errorf("%s is enough", missing)
		}
	}
	objects, err := chart(t, `
publicURL: https://id.example.com
replicas: 3
trustedProxies: [10.0.0.0/8, 192.168.0.0/16]
env: [{name: COGNATE_SMTP_HOST, value: mail}]
podAnnotations: {a: b}
secret: {database: "postgres://x", kek: AAAA, rootAccessKeyID: AKIA, rootAccessKeySecret: s}
ingress: {enabled: true, host: id.example.com, tlsSecret: tls, className: nginx}
`)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"Deployment", "Service", "Secret", "ServiceAccount", "PodDisruptionBudget", "Ingress"} {
		if objects[kind] == nil {
			t.Errorf("no %s", kind)
		}
	}
	pod := at(objects["Deployment"], "spec", "template", "spec")
	container := at(pod, "containers", 0)
	var args []string
	for _, a := range at(container, "args").([]any) {
		args = append(args, a.(string))
	}
	runs(t, "chart", args)
	known := variablesOf(t)
	for _, e := range at(container, "env").([]any) {
		if name := at(e, "name").(string); !known[name] {
			t.Errorf("%s sets nothing", name)
		}
		value, _ := at(e, "value").(string)
		if key, ok := strings.CutPrefix(value, "/run/secrets/cognate/"); ok && at(objects["Secret"], "stringData", key) == nil {
			t.Errorf("the secret has no %s", key)
		}
	}
	for what, got := range map[string]any{
		"/_cognate/ready":  at(container, "readinessProbe", "httpGet", "path"),
		"/_cognate/health": at(container, "livenessProbe", "httpGet", "path"),
		"demo-cognate":     at(pod, "volumes", 0, "secret", "secretName"),
		"true":             fmt.Sprint(at(pod, "securityContext", "runAsNonRoot")),
		"5":                fmt.Sprint(at(container, "lifecycle", "preStop", "sleep", "seconds")),
		"3":                fmt.Sprint(at(objects["Deployment"], "spec", "replicas")),
		"b":                at(objects["Deployment"], "spec", "template", "metadata", "annotations", "a"),
	} {
		if got != what {
			t.Errorf("%v instead of %v", got, what)
		}
	}
	labels := at(objects["Deployment"], "spec", "template", "metadata", "labels").(map[string]any)
	for _, object := range []any{at(objects["Service"], "spec", "selector"), at(objects["PodDisruptionBudget"], "spec", "selector", "matchLabels"), at(objects["Deployment"], "spec", "selector", "matchLabels")} {
		for k, v := range object.(map[string]any) {
			if labels[k] != v {
				t.Errorf("a selector wants %s=%v, pods have %v", k, v, labels[k])
			}
		}
	}
	objects, err = chart(t, "publicURL: https://id.example.com\nreplicas: 1\nsecret: {existing: mine}\nmetrics: {enabled: false}")
	if err != nil || objects["Secret"] != nil || objects["PodDisruptionBudget"] != nil || objects["Ingress"] != nil {
		t.Errorf("%v, %v", objects, err)
	}
}
