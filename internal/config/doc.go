// Package config holds the typed settings of `cognate dev` and `cognate serve`.
// The zero value of every field is usable or is reported by Validate, which
// names all mistakes at once.
package config
