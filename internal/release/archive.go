package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// entry is a file of an archive.
type entry struct {
	name string
	mode int64
	text []byte
}

// archive packs a binary with the texts that have to go with it and returns the
// name of the file: .zip for Windows, .tar.gz elsewhere.
func (r *release) archive(p platform, binary string, notices []byte) (string, error) {
	program, err := os.ReadFile(binary)
	if err != nil {
		return "", err
	}
	name := "cognate"
	if p.os == "windows" {
		name += ".exe"
	}
	entries := []entry{{name, 0o755, program}, {"THIRD-PARTY-NOTICES", 0o644, notices}}
	for _, file := range []string{"LICENSE", "README.md", "CHANGELOG.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		entries = append(entries, entry{file, 0o644, text})
	}
	base := fmt.Sprintf("cognate_%s_%s_%s", strings.TrimPrefix(r.version, "v"), p.os, p.arch)
	pack, suffix := r.tarball, ".tar.gz"
	if p.os == "windows" {
		pack, suffix = r.zip, ".zip"
	}
	text, err := pack(base, entries)
	if err != nil {
		return "", err
	}
	return base + suffix, os.WriteFile(filepath.Join(r.out, base+suffix), text, 0o644)
}

func (r *release) tarball(folder string, entries []entry) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	t := tar.NewWriter(z)
	for _, e := range entries {
		h := &tar.Header{Name: folder + "/" + e.name, Mode: e.mode, Size: int64(len(e.text)), ModTime: r.time, Format: tar.FormatPAX}
		if err := t.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := t.Write(e.text); err != nil {
			return nil, err
		}
	}
	if err := t.Close(); err != nil {
		return nil, err
	}
	err = z.Close()
	return b.Bytes(), err
}

func (r *release) zip(folder string, entries []entry) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: folder + "/" + e.name, Method: zip.Deflate, Modified: r.time}
		h.SetMode(os.FileMode(e.mode))
		w, err := z.CreateHeader(h)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(e.text); err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return b.Bytes(), err
}

// checksums writes SHA256SUMS as sha256sum -c reads it.
func (r *release) checksums(names []string) error {
	slices.Sort(names)
	var b strings.Builder
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(r.out, name))
		if err != nil {
			return err
		}
		sum := sha256.Sum256(text)
		fmt.Fprintf(&b, "%s  %s\n", hex.EncodeToString(sum[:]), name)
	}
	return os.WriteFile(filepath.Join(r.out, "SHA256SUMS"), []byte(b.String()), 0o644)
}
