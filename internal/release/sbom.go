package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The parts of CycloneDX 1.5 that are used.
type (
	bom struct {
		Format       string       `json:"bomFormat"`
		Spec         string       `json:"specVersion"`
		Serial       string       `json:"serialNumber"`
		Version      int          `json:"version"`
		Metadata     metadata     `json:"metadata"`
		Components   []component  `json:"components"`
		Dependencies []dependency `json:"dependencies"`
	}
	metadata struct {
		Timestamp string    `json:"timestamp"`
		Component component `json:"component"`
	}
	component struct {
		Type       string     `json:"type"`
		Ref        string     `json:"bom-ref"`
		Name       string     `json:"name"`
		Version    string     `json:"version"`
		PURL       string     `json:"purl"`
		Licences   []choice   `json:"licenses,omitempty"`
		Properties []property `json:"properties,omitempty"`
	}
	choice struct {
		Licence struct {
			ID string `json:"id"`
		} `json:"license"`
	}
	property struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	dependency struct {
		Ref string   `json:"ref"`
		On  []string `json:"dependsOn"`
	}
)

// sbom writes the bill of materials: what is linked into any of the binaries.
func (r *release) sbom(all modules) (string, error) {
	list := []module{standard()}
	for _, m := range all {
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b module) int { return strings.Compare(a.path, b.path) })
	main := component{
		Type: "application", Name: "cognate", Version: r.version, PURL: "pkg:golang/cognate@" + r.version,
		Licences: licenceChoices([]string{"Apache-2.0"}), Properties: []property{{"cognate:commit", r.commit}},
	}
	main.Ref = main.PURL
	uses := dependency{Ref: main.Ref}
	var components []component
	for _, m := range list {
		texts, err := r.legal(m)
		if err != nil {
			return "", err
		}
		ids := licences(texts)
		if len(ids) == 0 {
			return "", fmt.Errorf("%s@%s: its licence is not known here", m.path, m.version)
		}
		c := component{Type: "library", Name: m.path, Version: m.version, PURL: "pkg:golang/" + m.path + "@" + m.version, Licences: licenceChoices(ids)}
		c.Ref = c.PURL
		if m.sum != "" {
			c.Properties = []property{{"go:sum", m.sum}}
		}
		components = append(components, c)
		uses.On = append(uses.On, c.Ref)
	}
	doc := bom{
		Format: "CycloneDX", Spec: "1.5", Version: 1, Components: components, Dependencies: []dependency{uses},
		Metadata: metadata{Timestamp: r.time.Format(time.RFC3339), Component: main},
	}
	text, err := json.Marshal(doc)
	if err != nil {
		return "", err
	}
	doc.Serial = serial(text)
	if text, err = json.MarshalIndent(doc, "", "  "); err != nil {
		return "", err
	}
	name := "cognate_" + strings.TrimPrefix(r.version, "v") + ".cdx.json"
	return name, os.WriteFile(filepath.Join(r.out, name), append(text, '\n'), 0o644)
}

func licenceChoices(ids []string) []choice {
	out := make([]choice, len(ids))
	for i, id := range ids {
		out[i].Licence.ID = id
	}
	return out
}

// serial is a UUID made from the content (version 8 of RFC 9562), so that the
// same release has the same.
func serial(text []byte) string {
	h := sha256.Sum256(text)
	h[6], h[8] = h[6]&0x0f|0x80, h[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
}
