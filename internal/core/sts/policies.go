package sts

import (
	"context"
	"errors"
	"strings"

	"cognate/internal/api/sts"
	"cognate/internal/core/iam"
	"cognate/internal/core/policy"
)

// The limits of session policies.
const (
	maxPolicyARNs = 10
	packedLimit   = 2048 // bytes that are a hundred percent
)

// layer reads the session policies of a request; nil when it has none.
func (r *Room) layer(ctx context.Context, document *string, arns []sts.PolicyDescriptorType) (*iam.Layer, error) {
	if document == nil && len(arns) == 0 {
		return nil, nil
	}
	out := &iam.Layer{}
	if document != nil {
		if len([]rune(*document)) > policy.MaxSession {
			return nil, validation("1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to 2048")
		}
		var wrong *policy.Error
		if _, err := policy.Parse(*document, policy.Session); errors.As(err, &wrong) {
			return nil, sts.NewMalformedPolicyDocument("%s", wrong.Text)
		}
		out.Document = *document
	}
	if len(arns) > maxPolicyARNs {
		return nil, validation("1 validation error detected: Value at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to 10")
	}
	for _, d := range arns {
		if d.Arn == nil {
			continue
		}
		there, err := r.d.IAM.Attachable(ctx, *d.Arn)
		if err != nil {
			return nil, err
		}
		if !there {
			return nil, sts.NewMalformedPolicyDocument("Policy %s does not exist or cannot be a session policy.", *d.Arn)
		}
		out.ARNs = append(out.ARNs, *d.Arn)
	}
	return out, nil
}

// packed is how much of the room for policies and tags a request takes, in percent; nil when it brings none of them.
func packed(l *iam.Layer, tags []iam.Tag) (*int64, error) {
	if l == nil && len(tags) == 0 {
		return nil, nil
	}
	var b strings.Builder
	if l != nil {
		b.WriteString(l.Document)
		for _, arn := range l.ARNs {
			b.WriteString("\n" + arn)
		}
	}
	for _, t := range tags {
		b.WriteString("\n" + t.Key + "=" + t.Value)
	}
	percent := int64(100*len(deflated([]byte(b.String())))+packedLimit-1) / packedLimit
	if percent > 100 {
		return nil, sts.NewPackedPolicyTooLarge("Packed policy consumes %d%% of allotted space, please use smaller policy.", percent)
	}
	return &percent, nil
}
