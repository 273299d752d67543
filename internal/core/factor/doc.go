// Package factor keeps the second and passwordless factors of users: authenticator apps (TOTP, RFC 6238), codes by SMS
// and e-mail, and passkeys (WebAuthn), with the users' preferences among them, and recovery codes for when one is lost.
//
// It decides which challenge must come next (Next, FirstFactors: pure functions of pool and user), poses challenges and
// verifies their answers. Sign-in calls Challenge and Verify within its own transactions; an answer that was refused
// must be committed too, because that is what counts the guess. All proofs of one user that can be guessed share one
// failure counter: the fifth failure locks for a second and every further one doubles that.
//
// What a user has registered also stands in the user row (directory.MFA), so that deciding costs no read.
package factor
