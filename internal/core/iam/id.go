package iam

import (
	"crypto/sha256"
	"encoding/base32"

	"cognate/internal/base/id"
)

// The prefixes of unique ids.
const (
	idUser   = "AIDA"
	idGroup  = "AGPA"
	idRole   = "AROA"
	idPolicy = "ANPA"
)

const (
	idAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	idLength   = 17 // behind the prefix
)

// uniqueID draws the id of a new entity.
func (r *Room) uniqueID(prefix string) string {
	return prefix + id.Source{Rand: r.deps.Rand}.String(idLength, idAlphabet)
}

// fixedID is the id of what AWS comes with, always the same.
func fixedID(prefix, name string) string {
	sum := sha256.Sum256([]byte(name))
	return prefix + base32.StdEncoding.EncodeToString(sum[:])[:idLength]
}

// fresh is what a new entity begins with.
func (r *Room) fresh(prefix, name string, path *string) base {
	b := base{Name: name, Path: or(path, "/"), Created: r.deps.Now().UnixMilli()}
	if prefix != "" {
		b.ID = r.uniqueID(prefix)
	}
	return b
}
