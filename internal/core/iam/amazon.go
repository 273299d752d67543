package iam

import (
	_ "embed"
	"encoding/json"
	"sync"
	"time"
)

// epoch is when everything that AWS comes with was made.
var epoch = time.Date(2015, 2, 6, 18, 39, 46, 0, time.UTC)

// amazonJSON are the policies that AWS comes with, as far as they matter to Cognito and what is used beside it. The
// documents are written anew after what they allow; the names are AWS's.
//
//go:embed amazon.json
var amazonJSON []byte

const amazonPrefix = "arn:aws:iam::aws:policy"

// amazonPolicies are the policies that AWS comes with, by ARN. They must not be changed.
var amazonPolicies = sync.OnceValue(func() map[string]*managed {
	var list []struct {
		Name, Path, Description string
		Version                 int
		Document                json.RawMessage
	}
	if err := json.Unmarshal(amazonJSON, &list); err != nil {
		panic(err) // the file is part of the program
	}
	out := make(map[string]*managed, len(list))
	for _, one := range list {
		p := &managed{base: base{Name: one.Name, Path: one.Path, Created: epoch.UnixMilli()}, Description: one.Description}
		if p.Path == "" {
			p.Path = "/"
		}
		arn := amazonPrefix + p.Path + p.Name
		p.ID = fixedID(idPolicy, arn)
		p.Default = max(one.Version, 1)
		p.Last, p.Updated = p.Default, p.Created
		p.Versions = []version{{Number: p.Default, Document: string(one.Document), Created: p.Created}}
		out[arn] = p
	}
	return out
})

// amazonPolicy is the policy of an ARN that AWS comes with, nil when it is none.
func amazonPolicy(arn string) *managed { return amazonPolicies()[arn] }
