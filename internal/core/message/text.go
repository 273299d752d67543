package message

import (
	"html"
	"strings"
)

// htmlToText makes the plain-text part of a mail from its HTML: tags go, block
// ends become line ends, links show their address, entities are decoded. A "<"
// that starts no tag stays.
func htmlToText(src string) string {
	var out strings.Builder
	link := ""
	for src != "" {
		i := strings.IndexByte(src, '<')
		if i < 0 {
			out.WriteString(html.UnescapeString(src))
			break
		}
		out.WriteString(html.UnescapeString(src[:i]))
		src = src[i:]
		tag, rest, ok := cutTag(src)
		if !ok {
			out.WriteByte('<')
			src = src[1:]
			continue
		}
		src = rest
		switch name := tagName(tag); name {
		case "br", "/p", "/div", "/tr", "/li", "/h1", "/h2", "/h3", "/h4", "/table", "/ul", "/ol":
			out.WriteByte('\n')
		case "a":
			link = attribute(tag, "href")
		case "/a":
			if link != "" {
				out.WriteString(" (" + link + ")")
			}
			link = ""
		case "style", "script", "head", "title":
			src = after(src, "</"+name)
		}
	}
	return tidy(out.String())
}

// cutTag splits "<tag ...>rest". A tag begins with a letter, a slash or an
// exclamation mark; quoted attribute values may contain ">".
func cutTag(s string) (tag, rest string, ok bool) {
	if strings.HasPrefix(s, "<!--") {
		if end := strings.Index(s, "-->"); end >= 0 {
			return "!", s[end+3:], true
		}
		return "", s, false
	}
	if len(s) < 2 || !(s[1] == '/' || s[1] == '!' || letter(s[1])) {
		return "", s, false
	}
	quote := byte(0)
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return s[1:i], s[i+1:], true
		}
	}
	return "", s, false
}

func letter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

func tagName(tag string) string {
	end := strings.IndexAny(tag, " \t\r\n")
	if end < 0 {
		end = len(tag)
	}
	name := strings.ToLower(tag[:end])
	if len(name) > 1 {
		name = strings.TrimSuffix(name, "/") // <br/>
	}
	return name
}

// attribute is the decoded value of a quoted attribute.
func attribute(tag, name string) string {
	i := strings.Index(strings.ToLower(tag), name+"=")
	if i < 0 || i+len(name)+1 >= len(tag) {
		return ""
	}
	v := tag[i+len(name)+1:]
	if q := v[0]; q == '"' || q == '\'' {
		if end := strings.IndexByte(v[1:], q); end >= 0 {
			return html.UnescapeString(v[1 : end+1])
		}
		return ""
	}
	v, _, _ = strings.Cut(v, " ")
	return html.UnescapeString(v)
}

// after drops everything up to and including the end tag that starts with end.
func after(s, end string) string {
	i := strings.Index(strings.ToLower(s), end)
	if i < 0 {
		return ""
	}
	_, rest, _ := strings.Cut(s[i:], ">")
	return rest
}

// tidy trims the lines and keeps at most one empty line between others.
func tidy(s string) string {
	var out []string
	empty := true
	for line := range strings.SplitSeq(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
		line = strings.TrimSpace(line)
		if line == "" && empty {
			continue
		}
		empty = line == ""
		out = append(out, line)
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}
