// Package arn reads and writes Amazon Resource Names.
//
// An ARN is six fields separated by colons; the last one, the resource, may contain colons and slashes itself. The
// package knows the form only, not which services or resources exist.
package arn

import (
	"errors"
	"strings"
)

// ErrInvalid is returned by Parse for a text that has not the form of an ARN.
var ErrInvalid = errors.New("arn: not an ARN")

// maxLength is the longest ARN that AWS APIs accept.
const maxLength = 2048

// ARN is a name in its parts: arn:Partition:Service:Region:Account:Resource.
// Region and Account are empty for global resources such as IAM roles.
type ARN struct {
	Partition, Service, Region, Account, Resource string
}

// Parse splits s. Partition, service and resource must not be empty, the account is empty or decimal digits, and no
// field contains white space or control characters. The error is ErrInvalid.
func Parse(s string) (ARN, error) {
	if len(s) > maxLength || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return ARN{}, ErrInvalid
	}
	f := strings.SplitN(s, ":", 6)
	if len(f) != 6 || f[0] != "arn" || f[1] == "" || f[2] == "" || f[5] == "" {
		return ARN{}, ErrInvalid
	}
	if strings.Trim(f[4], "0123456789") != "" {
		return ARN{}, ErrInvalid
	}
	return ARN{Partition: f[1], Service: f[2], Region: f[3], Account: f[4], Resource: f[5]}, nil
}

// String joins the parts; Parse of the result gives them back.
func (a ARN) String() string {
	return "arn:" + a.Partition + ":" + a.Service + ":" + a.Region + ":" + a.Account + ":" + a.Resource
}

// Type is the resource up to its first slash or colon ("userpool" in "userpool/us-east-1_a"), or empty when the
// resource has no type.
func (a ARN) Type() string {
	if i := strings.IndexAny(a.Resource, "/:"); i >= 0 {
		return a.Resource[:i]
	}
	return ""
}

// Name is the resource after its type ("us-east-1_a" in "userpool/us-east-1_a"), or all of it when it has no type.
func (a ARN) Name() string {
	return a.Resource[strings.IndexAny(a.Resource, "/:")+1:]
}

// Partition names the AWS partition that a region belongs to: "aws-cn", "aws-us-gov" or "aws".
func Partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	case strings.HasPrefix(region, "us-isob-"):
		return "aws-iso-b"
	case strings.HasPrefix(region, "us-isof-"), strings.HasPrefix(region, "eu-isoe-"):
		return "aws-iso-" + region[6:7]
	case strings.HasPrefix(region, "us-iso-"):
		return "aws-iso"
	case strings.HasPrefix(region, "eusc-"):
		return "aws-eusc"
	}
	return "aws"
}
