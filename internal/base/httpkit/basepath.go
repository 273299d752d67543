package httpkit

import (
	"net/url"
	"strings"
)

// BasePath is the path of a server's public URL without a slash at the end, "" or "/...", below which all of its
// resources are. A URL that cannot be parsed has none.
func BasePath(publicURL string) string {
	u, err := url.Parse(publicURL)
	if err != nil {
		return ""
	}
	return strings.TrimRight(u.EscapedPath(), "/")
}
