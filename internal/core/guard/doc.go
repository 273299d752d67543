// Package guard knows who asks: the source that a request comes from, and from which sources a user has proven themselves
// before. A lock that strangers brought about does not hold for those: they have counters of their own.
//
// A source is an IPv4 address or the /64 of an IPv6 address, as the trusted proxies tell it. Callers that sign speak for
// others: their own address is none, and the one that they name as that of their user is believed.
package guard
