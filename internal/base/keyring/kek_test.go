package keyring

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestXAESVectors are the test vectors of the XAES-256-GCM specification (C2SP).
func TestXAESVectors(t *testing.T) {
	for _, v := range []struct {
		key           byte
		aad, expected string
	}{
		{1, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"},
		{3, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"},
	} {
		x, err := newXAES(bytes.Repeat([]byte{v.key}, keySize))
		if err != nil {
			t.Fatal(err)
		}
		nonce := []byte("ABCDEFGHIJKLMNOPQRSTUVWX")
		got, err := x.seal(nil, nonce, []byte("XAES-256-GCM"), []byte(v.aad))
		if err != nil || hex.EncodeToString(got) != v.expected {
			t.Errorf("key %d: %x, %v", v.key, got, err)
		}
		if plain, err := x.open(nonce, got, []byte(v.aad)); err != nil || string(plain) != "XAES-256-GCM" {
			t.Errorf("key %d: opened %q, %v", v.key, plain, err)
		}
	}
}

func TestParseKEK(t *testing.T) {
	good := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))
	a, err := ParseKEK(" " + good + "\n")
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewKEK(bytes.Repeat([]byte{7}, 32))
	if err != nil || a.ID() != b.ID() {
		t.Fatalf("same key, ids %s and %s (%v)", a.ID(), b.ID(), err)
	}
	for _, text := range []string{
		"", "x", good[:20], good + good, strings.Repeat("ab", 32), base64.StdEncoding.EncodeToString(make([]byte, 31)),
	} {
		if _, err := ParseKEK(text); err == nil {
			t.Errorf("%q accepted", text)
		} else if text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("the error repeats the key: %v", err)
		}
	}
}

func TestFileKEK(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kek")
	if _, err := FileKEK(path, false); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("missing file: %v", err)
	}
	ids := make([]string, 8)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			kek, err := FileKEK(path, true)
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = kek.ID()
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("several keys were made: %v", ids)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Fatalf("left over: %v, %v", entries, err)
	}
	if err := os.WriteFile(path, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := FileKEK(path, true); err == nil || !strings.Contains(err.Error(), path) {
		t.Fatalf("broken file: %v", err)
	}
	if _, err := FileKEK(filepath.Join(path, "below"), true); err == nil {
		t.Fatal("impossible path accepted")
	}
}
