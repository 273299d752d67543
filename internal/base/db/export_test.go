package db

import "bytes"

// Reseal gives a changed dump a valid frame.
func Reseal(b []byte) []byte {
	b = bytes.TrimPrefix(b, []byte(dumpMagic))
	return seal(append(append([]byte(dumpMagic), 0, 0, 0, 0), b[min(4, len(b)):]...))
}
