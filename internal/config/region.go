package config

import (
	"errors"
	"fmt"
	"slices"

	"cognate/internal/base/arn"
)

// Serves reports whether requests may be signed for a Region.
func (s *Settings) Serves(r arn.Region) bool {
	switch {
	case len(s.Regions) > 0:
		return slices.Contains(s.Regions, string(r))
	case s.Mode == Dev:
		return r.Valid()
	}
	return string(r) == s.Region
}

func (s *Settings) validateRegions() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if !arn.Region(s.Region).Valid() {
		bad("--region: need a region such as us-east-1, have %q", s.Region)
	}
	for _, r := range s.Regions {
		if !arn.Region(r).Valid() {
			bad("--regions: need regions such as us-east-1, have %q", r)
		}
	}
	if !s.Serves(arn.Region(s.Region)) && len(s.Regions) > 0 {
		bad("--regions: must contain %s, the one of --region", s.Region)
	}
	return errors.Join(errs...)
}
