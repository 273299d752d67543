// Package timing measures, from outside, whether answers about unknown users take as long as answers about known ones.
package timing
