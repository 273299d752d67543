package lambda

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// The kinds of runtimes.
const (
	nodeKind     = "nodejs"
	pythonKind   = "python"
	providedKind = "provided" // an executable that speaks the Runtime API itself
)

// runtimeKind reads a runtime's name, with or without AWS's version.
func runtimeKind(name string) (string, error) {
	switch {
	case strings.HasPrefix(name, nodeKind):
		return nodeKind, nil
	case strings.HasPrefix(name, pythonKind):
		return pythonKind, nil
	case strings.HasPrefix(name, providedKind), name == "go", name == "go1.x":
		return providedKind, nil
	}
	return "", fmt.Errorf("%q is not nodejs, python, provided or go", name)
}

// command is the program of a function and its arguments, and the folder it
// runs in.
type command struct {
	args []string
	dir  string
}

// commandOf finds out how the code at root is run.
func (h *Host) commandOf(l *Local, root string) (command, error) {
	kind, err := runtimeKind(l.Runtime)
	if err != nil {
		return command{}, fmt.Errorf("%w: %w", ErrNotConfigured, err)
	}
	info, err := os.Stat(root)
	if err != nil {
		return command{}, fmt.Errorf("%w: %s", ErrNotFound, root)
	}
	dir := root
	if !info.IsDir() {
		dir = filepath.Dir(root)
	}
	switch kind {
	case nodeKind:
		args, err := h.interpreter("node")
		if l.Memory > 0 {
			args = append(args, "--max-old-space-size="+strconv.Itoa(l.Memory))
		}
		return command{append(args, filepath.Join(h.dir, nodeBootstrap)), dir}, err
	case pythonKind:
		names := []string{"python3", "python"}
		if l.Runtime != pythonKind && filepath.Base(l.Runtime) == l.Runtime {
			names = append([]string{l.Runtime}, names...) // python3.12, where it is installed
		}
		args, err := h.interpreter(names...)
		return command{append(args, "-u", filepath.Join(h.dir, pythonBootstrap)), dir}, err
	}
	if !info.IsDir() {
		return command{[]string{root}, dir}, nil
	}
	if file := executable(root, l.Handler); file != "" {
		return command{[]string{file}, dir}, nil
	}
	return command{}, fmt.Errorf("%w: no executable bootstrap in %s", ErrNotFound, root)
}

// executable is the program in the folder of a provided or go function, "" when there is none.
func executable(root, handler string) string {
	for _, name := range []string{"bootstrap", handler} {
		file := filepath.Join(root, name)
		if info, err := os.Stat(file); name != "" && err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return file
		}
	}
	return ""
}

// interpreter finds the first of names in the server's PATH.
func (h *Host) interpreter(names ...string) ([]string, error) {
	for _, name := range names {
		if file, err := exec.LookPath(name); err == nil {
			return []string{file}, nil
		}
	}
	return nil, fmt.Errorf("%w: %s is not installed", ErrNotConfigured, names[len(names)-1])
}

// environ is the complete environment of a process. Nothing is inherited from
// the server but PATH: what the server was told by its environment are secrets.
func (h *Host) environ(f *Function, home, task, api string, number int) []string {
	l, name := f.Local, functionName(f.ARN)
	memory := l.Memory
	if memory == 0 {
		memory = 128
	}
	_, qualifier := unqualified(f.ARN)
	if qualifier == "" {
		qualifier = "$LATEST"
	}
	region := h.o.Region
	if parts := strings.SplitN(f.ARN, ":", 5); len(parts) == 5 && parts[3] != "" {
		region = parts[3]
	}
	all := map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": home, "TMPDIR": home, "LANG": "en_US.UTF-8", "TZ": ":UTC",
		"AWS_REGION": region, "AWS_DEFAULT_REGION": region,
		"AWS_EC2_METADATA_DISABLED":       "true", // the SDKs would wait for a service that is not there
		"AWS_LAMBDA_FUNCTION_NAME":        name,
		"AWS_LAMBDA_FUNCTION_VERSION":     qualifier,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(memory),
		"AWS_LAMBDA_LOG_GROUP_NAME":       "/aws/lambda/" + name,
		"AWS_LAMBDA_LOG_STREAM_NAME":      "process-" + strconv.Itoa(number),
		"NODE_PATH":                       filepath.Join(task, "node_modules"),
		"PYTHONUNBUFFERED":                "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8",
		"LD_LIBRARY_PATH": task + ":" + filepath.Join(task, "lib"),
	}
	for _, more := range []map[string]string{h.o.Env, l.Env, {
		"_HANDLER": l.Handler, "AWS_LAMBDA_RUNTIME_API": api, "LAMBDA_TASK_ROOT": task, "LAMBDA_RUNTIME_DIR": h.dir,
		"AWS_EXECUTION_ENV": "AWS_Lambda_" + l.Runtime, "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
	}} {
		for k, v := range more {
			all[k] = v
		}
	}
	list := make([]string, 0, len(all))
	for k, v := range all {
		list = append(list, k+"="+v)
	}
	slices.Sort(list)
	return list
}
