package session

import (
	"strings"
	"testing"
)

// TestNarrow: what a client may know of a token that is not its own.
func TestNarrow(t *testing.T) {
	servers := []string{"https://api.example.com", "https://mcp.example.com/a"}
	for name, tc := range map[string]struct {
		facts  Facts
		scopes string // "" for nothing at all
	}{
		"its own":                           {Facts{Use: UseRefresh, ClientID: "me", Scopes: []string{"openid"}}, "openid"},
		"for its server":                    {Facts{ClientID: "you", Scopes: []string{"openid", "https://api.example.com/read"}}, "https://api.example.com/read"},
		"for a server of a longer name":     {Facts{ClientID: "you", Scopes: []string{"https://api.example.com/v2/read"}}, ""},
		"for nobody":                        {Facts{ClientID: "you", Scopes: []string{"openid", "aws.cognito/dcr/register", "https://api.example.com"}}, ""},
		"bound to it":                       {Facts{ClientID: "you", Audience: []string{"https://mcp.example.com/a"}, Scopes: []string{"x/y", "openid"}}, "x/y openid"},
		"bound to it by its id":             {Facts{ClientID: "you", Audience: []string{"me"}, Scopes: []string{"x/y"}}, "x/y"},
		"bound to another":                  {Facts{ClientID: "you", Audience: []string{"https://mcp.example.com"}, Scopes: []string{"https://api.example.com/read"}}, ""},
		"bound to the client that has it":   {Facts{ClientID: "you", Audience: []string{"you"}, Scopes: []string{"https://api.example.com/read"}}, "https://api.example.com/read"},
		"a refresh token of another client": {Facts{Use: UseRefresh, ClientID: "you", Scopes: []string{"https://api.example.com/read"}}, ""},
	} {
		if tc.facts.Use == "" {
			tc.facts.Use = "access"
		}
		may := tc.facts.narrow("me", servers)
		if got := strings.Join(tc.facts.Scopes, " "); may != (tc.scopes != "") || may && got != tc.scopes {
			t.Errorf("%s: %v %q, want %q", name, may, got, tc.scopes)
		}
	}
}
