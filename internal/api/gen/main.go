// Command gen writes the API packages from the AWS model files: shapes with
// their wire forms and constraint checks, enums, exceptions, the Service
// interface, Unimplemented and the operation table.
//
//	go run ./internal/api/gen          writes internal/api/<service>/*_gen.go
//	go run ./internal/api/gen -check   fails when the files on disk differ
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

func main() {
	dir := flag.String("dir", "internal/api", "folder that holds models/ and the generated packages")
	check := flag.Bool("check", false, "write nothing, fail when a generated file would change")
	flag.Parse()
	if err := run(*dir, *check); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(dir string, check bool) error {
	models, err := filepath.Glob(filepath.Join(dir, "models", "*.json"))
	if err != nil {
		return err
	}
	if len(models) == 0 {
		return fmt.Errorf("no models in %s", filepath.Join(dir, "models"))
	}
	for _, path := range models {
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		service := strings.TrimSuffix(filepath.Base(path), ".json")
		files, err := Generate(service, raw)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		out := filepath.Join(dir, packageName(service))
		if check {
			err = compare(out, files)
		} else {
			err = write(out, files)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// write replaces the generated files of one package, stale ones included.
func write(dir string, files map[string][]byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	stale, err := filepath.Glob(filepath.Join(dir, "*_gen.go"))
	if err != nil {
		return err
	}
	for _, path := range stale {
		if _, ok := files[filepath.Base(path)]; !ok {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, text) {
			continue // keeps the build cache warm
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// compare names every generated file that is missing, stale or different.
func compare(dir string, files map[string][]byte) error {
	var wrong []string
	for name, text := range files {
		old, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !bytes.Equal(old, text) {
			wrong = append(wrong, name)
		}
	}
	onDisk, err := filepath.Glob(filepath.Join(dir, "*_gen.go"))
	if err != nil {
		return err
	}
	for _, path := range onDisk {
		if _, ok := files[filepath.Base(path)]; !ok {
			wrong = append(wrong, filepath.Base(path))
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	sort.Strings(wrong)
	return fmt.Errorf("%s differs from the model, run `go generate ./internal/api/...`: %s", dir, strings.Join(wrong, ", "))
}
