// Package rooms is the one assembly of the product: it builds every room, binds their operations to the AWS services and
// runs what rooms do when pools and users come and go. The server and all tests across rooms use it, so that what is
// tested is what runs.
//
// A new room is two edits here: build it in Build (with its Ops in UserPools, when it has operations), and list its
// Lifecycle in lifecycles, when it keeps something.
package rooms
