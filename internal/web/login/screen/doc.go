// Package screen draws the pages of managed login and of the classic hosted UI. What a page says and asks for is data, a
// Screen; how it looks, in which generation, language and brand, is decided here and nowhere else. It knows no rule of
// signing in.
package screen
