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
		return r.Known()
	}
	return string(r) == s.Region
}

// UnknownRegions are those of Regions that AWS does not have, as far as this version knows. The operator named them, so
// they are served; a start says so.
func (s *Settings) UnknownRegions() []string {
	var list []string
	for _, r := range s.Regions {
		if !arn.Region(r).Known() {
			list = append(list, r)
		}
	}
	return list
}

func (s *Settings) validateRegions() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	listed := slices.Contains(s.Regions, s.Region)
	switch r := arn.Region(s.Region); {
	case !r.Valid():
		bad("--region: need a region such as us-east-1, have %q", s.Region)
	case !r.Known() && !listed:
		bad("--region: AWS has no region %s; if it is meant, name it in --regions too", s.Region)
	case len(s.Regions) > 0 && !listed:
		bad("--regions: must contain %s, the one of --region", s.Region)
	}
	for _, r := range s.Regions {
		if !arn.Region(r).Valid() {
			bad("--regions: need regions such as us-east-1, have %q", r)
		}
	}
	return errors.Join(errs...)
}
