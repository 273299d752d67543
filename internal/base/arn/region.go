package arn

import (
	"regexp"
	"strings"
)

// Region is the code of an AWS Region, such as eu-west-1. The zero value means none: of a request that nobody signed, or
// of what the server does by itself.
type Region string

// maxRegion is the longest Region code that AWS's models accept.
const maxRegion = 32

var regionForm = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[1-9]\d?$`)

// Valid reports whether r has the form of a Region code.
func (r Region) Valid() bool { return len(r) <= maxRegion && regionForm.MatchString(string(r)) }

// RegionOf is the Region that stands before the underscore of ids such as user pool ids; false when none does.
func RegionOf(id string) (Region, bool) {
	front, _, found := strings.Cut(id, "_")
	r := Region(front)
	return r, found && r.Valid()
}
