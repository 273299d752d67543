package kms

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"cognate/internal/api/kms"
	"cognate/internal/base/arn"
)

// name is a reference to a key, taken apart: exactly one of id and alias is set,
// in the form that is stored.
type name struct {
	id     string
	alias  string
	arn    string
	region arn.Region
}

var (
	idForm    = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,128}$`)
	aliasForm = regexp.MustCompile(`^alias/[a-zA-Z0-9/_-]{1,250}$`)
	rowForm   = regexp.MustCompile(`^([a-z0-9-]{1,32}/)?[a-zA-Z0-9_-]{1,128}$`)
)

// parse reads a key id, an alias, or the ARN of either. asked is the Region that
// the name has to be of; "" takes that of an ARN, else the server's. The error
// wraps ErrName.
func (k *Keys) parse(asked arn.Region, text string) (name, error) {
	bad := fmt.Errorf("%w: %.128q", ErrName, text)
	region, resource := asked, text
	if strings.HasPrefix(text, "arn:") {
		a, err := arn.Parse(text)
		if err != nil || a.Service != "kms" || a.Account != k.deps.Account || a.Partition != arn.Partition(a.Region) {
			return name{}, bad
		}
		region, resource = arn.Region(a.Region), a.Resource
		if !region.Valid() || asked != "" && region != asked {
			return name{}, bad
		}
		if keyID, found := strings.CutPrefix(resource, "key/"); found {
			resource = keyID
		} else if !strings.HasPrefix(resource, "alias/") {
			return name{}, bad
		}
	}
	if region == "" {
		region = k.deps.Region
	}
	switch {
	case aliasForm.MatchString(resource):
		return name{alias: k.stored(region, resource), arn: k.resourceARN(region, resource), region: region}, nil
	case idForm.MatchString(resource):
		return name{id: k.stored(region, resource), arn: k.resourceARN(region, "key/"+resource), region: region}, nil
	}
	return name{}, bad
}

// stored is the primary key of a key id or alias. Those of the server's own
// Region stand alone, as before there were others.
func (k *Keys) stored(region arn.Region, resource string) string {
	if region == k.deps.Region {
		return resource
	}
	return string(region) + "/" + resource
}

// name is the key id without the Region.
func (r keyRow) name() string { return r.id[strings.LastIndexByte(r.id, '/')+1:] }

// regionOf is the Region of a key by its stored id.
func (k *Keys) regionOf(storedID string) arn.Region {
	if region, _, found := strings.Cut(storedID, "/"); found {
		return arn.Region(region)
	}
	return k.deps.Region
}

// About is the ARN of the key that a request is about: the one it names, also by its alias, or that of its ciphertext.
// Of a name that means nothing it is "*".
func (k *Keys) About(ctx context.Context, in any, keyID string) string {
	n, err := k.parse(Ops{k}.asked(ctx), keyID)
	if sealed, ok := in.(*kms.DecryptRequest); ok && keyID == "" {
		n = name{arn: "*"}
		n.id, _, err = splitCiphertext(sealed.CiphertextBlob)
	}
	if err != nil {
		return "*"
	}
	row, err := k.find(ctx, n)
	if err != nil {
		return n.arn
	}
	return k.arnOf(row)
}

// arnOf is the ARN of a key.
func (k *Keys) arnOf(row keyRow) string { return k.resourceARN(k.regionOf(row.id), "key/"+row.name()) }

func (k *Keys) resourceARN(region arn.Region, resource string) string {
	return arn.ARN{
		Partition: arn.Partition(string(region)), Service: "kms", Region: string(region), Account: k.deps.Account, Resource: resource,
	}.String()
}
