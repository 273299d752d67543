package iam

import (
	"net/url"
	"strings"
)

// encoded is a policy document as the Get operations show it: RFC 3986, blanks as %20.
func encoded(document string) string {
	return strings.ReplaceAll(url.QueryEscape(document), "+", "%20")
}
