package timing

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"cognate/internal/testkit/process"
)

// shape is all that an answer tells besides secrets: status, headers and members by name and length of value, refusals
// word by word. Numbers and keys that differ in length by themselves are left out of the count.
func shape(a *process.Answer) string {
	var b strings.Builder
	fmt.Fprintln(&b, a.Status)
	var body any
	free := 0
	if err := json.Unmarshal(a.Body, &body); err != nil {
		fmt.Fprintf(&b, "%q\n", a.Body)
	} else {
		free = describe(&b, "", body)
	}
	for _, name := range slices.Sorted(maps.Keys(a.Header)) {
		for _, value := range a.Header[name] {
			if name == "Content-Length" {
				fmt.Fprintf(&b, "%s: %d\n", name, len(a.Body)-free)
				continue
			}
			fmt.Fprintf(&b, "%s: %d\n", name, len(value))
		}
	}
	return b.String()
}

// freely are the members whose values have no fixed length: numbers without leading zeros, and credential ids, which
// every maker of authenticators chooses.
var freely = map[string]bool{"SRP_B": true, "SALT": true, "CREDENTIAL_REQUEST_OPTIONS": true}

// spoken are the members that are compared word by word.
var spoken = map[string]bool{"__type": true, "message": true, "ChallengeName": true, "DeliveryMedium": true,
	"AttributeName": true, "CODE_DELIVERY_DELIVERY_MEDIUM": true}

// describe writes one line a member and returns how many bytes are not to be counted.
func describe(b *strings.Builder, path string, value any) (free int) {
	switch v := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			free += describe(b, path+"."+name, v[name])
		}
	case []any:
		for _, item := range v {
			free += describe(b, path+"[]", item)
		}
	case string:
		name := path[strings.LastIndexByte(path, '.')+1:]
		switch {
		case freely[name]:
			quoted, _ := json.Marshal(v)
			fmt.Fprintf(b, "%s\n", path)
			return len(quoted)
		case spoken[name] || strings.HasSuffix(name, "[]"):
			fmt.Fprintf(b, "%s: %q\n", path, v)
		default:
			fmt.Fprintf(b, "%s: %d characters\n", path, len(v))
		}
	default:
		fmt.Fprintf(b, "%s: %v\n", path, v)
	}
	return free
}

// TestShape holds what is told apart and what is not.
func TestShape(t *testing.T) {
	answer := func(body string) *process.Answer {
		return &process.Answer{Status: 200, Body: []byte(body), Header: map[string][]string{"Content-Length": {"0"}}}
	}
	same := func(a, b string) bool { return shape(answer(a)) == shape(answer(b)) }
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{`{"SALT":"abc","Session":"xx"}`, `{"SALT":"ab","Session":"yy"}`, true},
		{`{"Session":"xx"}`, `{"Session":"x"}`, false},
		{`{"message":"xx"}`, `{"message":"yy"}`, false},
		{`{"AvailableChallenges":["A","B"]}`, `{"AvailableChallenges":["A","C"]}`, false},
		{`{"a":"x"}`, `{"a":"x","b":""}`, false},
		{`x`, `y`, false},
	} {
		if same(c.a, c.b) != c.same {
			t.Errorf("%s and %s: want %v", c.a, c.b, c.same)
		}
	}
}
