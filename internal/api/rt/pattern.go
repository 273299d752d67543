package rt

import (
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"
)

// ASCIISet is a set of ASCII characters, one bit each.
type ASCIISet [2]uint64

// Has reports whether c is in the set; bytes above 127 never are.
func (s *ASCIISet) Has(c byte) bool {
	return c < utf8.RuneSelf && s[c>>6]&(1<<(c&63)) != 0
}

// all reports whether every byte of t is in the set.
func (s *ASCIISet) all(t string) bool {
	for i := 0; i < len(t); i++ {
		if !s.Has(t[i]) {
			return false
		}
	}
	return true
}

// Pattern is a constraint pattern. It must match the whole value. The
// generator recognises the two commonest forms, a repeated character class and
// two classes around a separator, and gives their sets, so that most values
// are judged without a regular expression; Expr is compiled at first need.
type Pattern struct {
	Source string   // as AWS prints it
	Expr   string   // translated from Java's dialect
	Class  ASCIISet // value = one or more of Class
	Empty  bool     // the repeated class may be empty
	Before ASCIISet // value = Before+ Sep After+, Sep not in After
	After  ASCIISet
	Sep    byte

	once sync.Once
	re   *regexp.Regexp
}

// Match reports whether the whole of s matches.
func (p *Pattern) Match(s string) bool {
	switch {
	case p.Class != ASCIISet{}:
		if s == "" {
			return p.Empty
		}
		for i := 0; i < len(s); i++ {
			if s[i] >= utf8.RuneSelf {
				return p.slow(s)
			}
			if !p.Class.Has(s[i]) {
				return false
			}
		}
		return true
	case p.Sep != 0:
		i := strings.LastIndexByte(s, p.Sep)
		return i > 0 && i+1 < len(s) && p.Before.all(s[:i]) && p.After.all(s[i+1:])
	}
	return p.slow(s)
}

func (p *Pattern) slow(s string) bool {
	p.once.Do(func() { p.re = regexp.MustCompile(`\A(?:` + p.Expr + `)\z`) })
	return p.re.MatchString(s)
}
