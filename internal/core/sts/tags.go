package sts

import (
	"slices"
	"strings"

	"cognate/internal/api/sts"
	"cognate/internal/core/iam"
	"cognate/internal/core/policy"
)

// tagsOf checks the tags of a request.
func tagsOf(tags []sts.Tag) ([]iam.Tag, error) {
	out := make([]iam.Tag, len(tags))
	for i, t := range tags {
		if slices.ContainsFunc(out[:i], func(o iam.Tag) bool { return strings.EqualFold(o.Key, t.Key) }) {
			return nil, parameter(iam.TextTwice)
		}
		out[i] = iam.Tag(t)
	}
	return out, nil
}

// inherit adds the tags that go on from the calling session, which the request may not set again, and returns the keys
// that go on from here.
func inherit(tags []iam.Tag, transitive []string, from *iam.Session) ([]iam.Tag, []string, error) {
	for _, key := range transitive {
		if !slices.ContainsFunc(tags, func(t iam.Tag) bool { return strings.EqualFold(t.Key, key) }) {
			return nil, nil, parameter("The specified transitive tag key must be included in the requested tags.")
		}
	}
	if from == nil {
		return tags, transitive, nil
	}
	for _, key := range from.Transitive {
		if slices.ContainsFunc(tags, func(t iam.Tag) bool { return strings.EqualFold(t.Key, key) }) {
			return nil, nil, parameter("One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
		}
		for _, t := range from.Tags {
			if strings.EqualFold(t.Key, key) {
				tags = append(tags, t)
			}
		}
		transitive = append(transitive, key)
	}
	return tags, transitive, nil
}

// tagKeys are the condition keys of tags that a request brings.
func tagKeys(keys *policy.Context, tags []iam.Tag, transitive []string) {
	if len(tags) == 0 {
		return
	}
	names := make([]string, len(tags))
	for i, t := range tags {
		names[i] = t.Key
		keys.Set("aws:RequestTag/"+t.Key, t.Value)
	}
	keys.Set("aws:TagKeys", names...)
	if len(transitive) > 0 {
		keys.Set("sts:TransitiveTagKeys", transitive...)
	}
}
