package message

import (
	"regexp"
	"slices"
	"strings"
)

// address finds what people can open in a text; white space, quotes and angle brackets end it.
var address = regexp.MustCompile(`https?://[^\s<>"]+`)

// linksOf lists the addresses in a text, each once, in their order. Texts made from HTML have the addresses of links in
// parentheses.
func linksOf(text string) []string {
	links := []string{}
	for _, l := range address.FindAllString(text, -1) {
		for {
			short := strings.TrimRight(l, ".,;:!?'")
			if strings.HasSuffix(short, ")") && strings.Count(short, "(") < strings.Count(short, ")") {
				short = short[:len(short)-1]
			}
			if short == l {
				break
			}
			l = short
		}
		if !slices.Contains(links, l) {
			links = append(links, l)
		}
	}
	return links
}
