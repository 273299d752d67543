package screen

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// watch notices changes of the operator's folder when pages are drawn, at most once in a while.
type watch struct {
	every time.Duration

	mu      sync.Mutex
	looked  time.Time
	seen    string
	problem string // what was wrong when the folder was read last
}

// refresh reads the folder again when it has changed. It returns what is wrong with it, "" for nothing.
func (d *Drawer) refresh() string {
	w := d.watch
	if w == nil {
		return ""
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if now := time.Now(); now.Sub(w.looked) >= w.every {
		w.looked = now
		if now := fingerprint(d.folder); now != w.seen {
			w.seen, w.problem = now, ""
			b, err := readFolder(os.DirFS(d.folder))
			if err != nil {
				w.problem = err.Error()
			} else {
				d.book.Store(b)
			}
		}
	}
	return w.problem
}

// fingerprint is what files of a folder there are, how large and how old.
func fingerprint(folder string) string {
	h := sha256.New()
	_ = filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil // it went away; the next look sees that
		}
		if info, err := e.Info(); err == nil {
			_, _ = fmt.Fprintln(h, path, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	return string(h.Sum(nil))
}
