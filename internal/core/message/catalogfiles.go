package message

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"cognate/internal/core/pool"
)

// sheetEnding ends the names of files with texts: de.yaml, pt-BR.yaml.
const sheetEnding = ".yaml"

// LoadCatalog reads an operator's folder: <language>.yaml for all pools, <pool id>/<language>.yaml for one. What they
// leave out is as without them.
func LoadCatalog(dir string) (*Catalog, error) {
	files := os.DirFS(dir)
	sheets, folders, err := readSheets(files, ".")
	if err != nil {
		return nil, err
	}
	c := &Catalog{pools: map[string]*shelf{}}
	if c.all, err = newShelf(sheets, builtin().all); err != nil {
		return nil, err
	}
	for _, poolID := range folders {
		if !pool.IsID(poolID) {
			return nil, fmt.Errorf("%s is no user pool id", poolID)
		}
		sheets, deeper, err := readSheets(files, poolID)
		if err == nil && len(deeper) > 0 {
			err = fmt.Errorf("%s: a folder in the folder of a pool", path.Join(poolID, deeper[0]))
		}
		if err == nil {
			c.pools[poolID], err = newShelf(sheets, c.all)
		}
		if err != nil {
			return nil, err
		}
	}
	return c, nil
}

// readSheets reads the sheets of a folder by their languages, and names the folders in it. Hidden files and those with
// other endings are not ours.
func readSheets(files fs.FS, dir string) (sheets map[string]*sheet, folders []string, err error) {
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		return nil, nil, err
	}
	sheets = map[string]*sheet{}
	for _, entry := range entries {
		name := path.Join(dir, entry.Name())
		language, found := strings.CutSuffix(entry.Name(), sheetEnding)
		info, err := fs.Stat(files, name) // which follows links
		switch {
		case strings.HasPrefix(entry.Name(), "."):
			continue
		case err != nil:
			return nil, nil, err
		case info.IsDir():
			folders = append(folders, entry.Name())
			continue
		case !found:
			continue
		}
		if sheets[language], err = readSheet(files, name); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return sheets, folders, nil
}

func readSheet(files fs.FS, name string) (*sheet, error) {
	raw, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	s, in := new(sheet), yaml.NewDecoder(bytes.NewReader(raw))
	in.KnownFields(true)
	if err := in.Decode(s); err != nil && !errors.Is(err, io.EOF) { // an empty file leaves everything out
		return nil, err
	}
	return s, s.check()
}
