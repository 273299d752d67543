package arn

import (
	"strings"
	"testing"
)

func TestRegion(t *testing.T) {
	for _, r := range []Region{"us-east-1", "eu-west-1", "ap-southeast-7", "us-gov-west-1", "cn-northwest-1", "us-isob-east-1", "eusc-de-east-1"} {
		if !r.Valid() {
			t.Errorf("%s is refused", r)
		}
	}
	for _, r := range []Region{"", "us", "mars", "us-east", "us-east-", "us-east-0", "us-east-100", "US-EAST-1", "us-east-1a", "us east-1", "us-east-1_x",
		"../us-east-1", "us-east-1\n", "u-east-1", "us--1", "us_east_1", Region("us-" + strings.Repeat("a", 40) + "-1")} {
		if r.Valid() {
			t.Errorf("%q is taken", r)
		}
	}
}

func TestKnown(t *testing.T) {
	for i, r := range known {
		if !r.Known() || !r.Valid() || i > 0 && known[i-1] >= r {
			t.Errorf("%s: not found, not valid, or not in order", r)
		}
	}
	for _, r := range []Region{"", "eu-wst-9", "eu-west-9", "us-east-1a", "mars"} {
		if r.Known() {
			t.Errorf("AWS has no %q", r)
		}
	}
}

func TestRegionOf(t *testing.T) {
	for id, want := range map[string]Region{
		"eu-west-1_Ab1Cd2Ef3": "eu-west-1", "us-east-1_a_b": "us-east-1", "local_pool": "", "eu-west-1": "", "": "", "_x": "", "EU-WEST-1_a": "",
	} {
		got, ok := RegionOf(id)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q, %v", id, got, ok)
		}
	}
}
