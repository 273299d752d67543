package arn

import (
	"regexp"
	"slices"
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

// known are the Regions of all partitions of AWS, as its SDKs know them, in order.
var known = []Region{
	"af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2",
	"ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7",
	"ca-central-1", "ca-west-1", "cn-north-1", "cn-northwest-1", "eu-central-1", "eu-central-2", "eu-isoe-west-1", "eu-north-1",
	"eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "eusc-de-east-1", "il-central-1", "me-central-1",
	"me-south-1", "me-west-1", "mx-central-1", "sa-east-1", "sa-west-1", "us-east-1", "us-east-2", "us-gov-east-1", "us-gov-west-1",
	"us-iso-east-1", "us-iso-west-1", "us-isob-east-1", "us-isob-west-1", "us-isof-east-1", "us-isof-south-1", "us-west-1", "us-west-2",
}

// Known reports whether AWS has a Region of this code, as far as this version knows: what is Valid but not Known is a
// typing error, an operator's own, or newer.
func (r Region) Known() bool {
	_, found := slices.BinarySearch(known, r)
	return found
}

// RegionOf is the Region that stands before the underscore of ids such as user pool ids; false when none does.
func RegionOf(id string) (Region, bool) {
	front, _, found := strings.Cut(id, "_")
	r := Region(front)
	return r, found && r.Valid()
}
