// Package docs carries the guides, so that a dev server can show them.
package docs

import "embed"

// Pages are the guides, by file name.
//
//go:embed *.md
var Pages embed.FS
