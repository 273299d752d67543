package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// module is one that is linked into a binary.
type module struct{ path, version, sum string }

// modules are those of several binaries, by path.
type modules map[string]module

// read adds what is linked into a binary, as the linker noted it, and returns it
// sorted by path.
func (m modules) read(binary string) ([]module, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	var linked []module
	for _, d := range info.Deps {
		if d.Replace != nil {
			d = d.Replace
		}
		one := module{d.Path, d.Version, d.Sum}
		linked = append(linked, one)
		m[d.Path] = one
	}
	slices.SortFunc(linked, func(a, b module) int { return strings.Compare(a.path, b.path) })
	return linked, nil
}

// legal finds the licence and notice files of a module in the module cache, or
// of Go itself for "std".
func (r *release) legal(m module) (map[string]string, error) {
	var dir string
	if m.path != "std" {
		out, err := r.run(nil, "go", "mod", "download", "-json", m.path+"@"+m.version)
		if err != nil {
			return nil, err
		}
		var found struct{ Dir string }
		if err := json.NewDecoder(strings.NewReader(out)).Decode(&found); err != nil && err != io.EOF {
			return nil, err
		}
		dir = found.Dir
	} else {
		root, err := r.run(nil, "go", "env", "GOROOT")
		if err != nil {
			return nil, err
		}
		dir = root
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	texts := map[string]string{}
	for _, f := range files {
		name := strings.ToUpper(f.Name())
		if f.IsDir() || !strings.HasPrefix(name, "LICEN") && !strings.HasPrefix(name, "COPYING") && !strings.HasPrefix(name, "NOTICE") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return nil, err
		}
		texts[f.Name()] = string(text)
	}
	if len(texts) == 0 {
		return nil, fmt.Errorf("%s@%s has no licence file", m.path, m.version)
	}
	return texts, nil
}

// standard is Go's own library, which is linked into every binary.
func standard() module {
	return module{path: "std", version: strings.TrimPrefix(runtime.Version(), "go")}
}

// notices are the licence texts of what is linked, which their licences want to
// go along.
func (r *release) notices(linked []module) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("This program contains the following software.\n")
	for _, m := range append([]module{standard()}, linked...) {
		texts, err := r.legal(m)
		if err != nil {
			return nil, err
		}
		for _, name := range sortedNames(texts) {
			fmt.Fprintf(&b, "\n%s\n%s %s: %s\n%s\n\n%s\n", strings.Repeat("=", 80), m.path, m.version, name, strings.Repeat("=", 80), strings.TrimSpace(texts[name]))
		}
	}
	return b.Bytes(), nil
}

func sortedNames(texts map[string]string) []string {
	var names []string
	for name := range texts {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// marks are words by which licences are told, the more special ones first.
var marks = []struct{ id, words string }{
	{"Apache-2.0", "Apache License"},
	{"MPL-2.0", "Mozilla Public License"},
	{"ISC", "Permission to use, copy, modify, and/or distribute this software for any purpose"},
	{"ISC", "Permission to use, copy, modify, and distribute this software for any purpose"},
	{"MIT", "Permission is hereby granted, free of charge, to any person obtaining a copy"},
	{"BSD-3-Clause", "Neither the name"},
	{"BSD-3-Clause", "names of its contributors may be used"},
	{"BSD-2-Clause", "Redistribution and use in source and binary forms"},
}

// licences are the SPDX names of the licences in a module's files.
func licences(texts map[string]string) []string {
	var ids []string
	for _, name := range sortedNames(texts) {
		if strings.HasPrefix(strings.ToUpper(name), "NOTICE") {
			continue
		}
		text := strings.Join(strings.Fields(texts[name]), " ")
		for _, m := range marks {
			if strings.Contains(text, m.words) {
				if !slices.Contains(ids, m.id) {
					ids = append(ids, m.id)
				}
				break
			}
		}
	}
	return ids
}
