// Package device keeps the devices of users: which a pool tracks, which of them are remembered, and the verifier by which
// a remembered one proves itself (device SRP).
//
// A sign-in without a known device is issued a pair of keys. They are written nowhere until ConfirmDevice: the device key
// is the one of the token session, which the access token names, and the group key follows from it by the pool's key.
// Sign-in finds, challenges and touches devices within its own transactions; the rules which step comes next (Tracking,
// MustProve, ReplacesMFA, AskUser, CheckRefresh) are pure functions of pool and device.
//
// Forgetting a device ends the token sessions that are bound to it.
package device
