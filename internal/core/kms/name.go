package kms

import (
	"fmt"
	"regexp"
	"strings"

	"cognate/internal/base/arn"
)

// name is a reference to a key, taken apart: exactly one of id and alias is set.
type name struct {
	id    string
	alias string // with alias/ in front
	arn   string
}

var (
	idForm    = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,128}$`)
	aliasForm = regexp.MustCompile(`^alias/[a-zA-Z0-9/_-]{1,250}$`)
)

// parse reads a key id, an alias, or the ARN of either. The error wraps ErrName.
func (k *Keys) parse(text string) (name, error) {
	resource := text
	if strings.HasPrefix(text, "arn:") {
		a, err := arn.Parse(text)
		if err != nil || a.Service != "kms" || a.Region != k.deps.Region || a.Account != k.deps.Account ||
			a.Partition != arn.Partition(k.deps.Region) {
			return name{}, fmt.Errorf("%w: %.128q", ErrName, text)
		}
		resource = a.Resource
		if keyID, found := strings.CutPrefix(resource, "key/"); found {
			resource = keyID
		} else if !strings.HasPrefix(resource, "alias/") {
			return name{}, fmt.Errorf("%w: %.128q", ErrName, text)
		}
	}
	switch {
	case aliasForm.MatchString(resource):
		return name{alias: resource, arn: k.arnOf(resource)}, nil
	case idForm.MatchString(resource):
		return name{id: resource, arn: k.arnOf("key/" + resource)}, nil
	}
	return name{}, fmt.Errorf("%w: %.128q", ErrName, text)
}

func (k *Keys) arnOf(resource string) string {
	return arn.ARN{
		Partition: arn.Partition(k.deps.Region), Service: "kms", Region: k.deps.Region, Account: k.deps.Account, Resource: resource,
	}.String()
}
