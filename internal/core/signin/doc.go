// Package signin is the sign-in engine: every authentication flow and every challenge answer passes through it, whether
// it came from the public API, the admin API or a browser page, so that checks, their order and their texts can never
// differ between those doors.
//
// A sign-in is a sequence of hops, and every hop is the same three things (Engine.run):
//
//	prove   a prover opens the session that is answered, reads the account, verifies one thing and returns what it
//	        found out. It never asks what comes next.
//	Next    decides, from the facts and the progress alone: refuse, pose a challenge, ask the owner's functions, finish.
//	commit  writes once: the answered session is used up, the try counted or cleared, what the proof earned is written,
//	        and the message of the challenge queued or the ending of the door run.
//
// Proofs that are good for one use and count their tries (codes, passkeys, custom answers) are counted, compared and
// taken in a transaction of their own before that (Engine.redeem), so that nothing that follows depends on a guess that
// was not counted.
//
// Between hops the progress travels in a sealed, single-use Session string (challenge.Progress), bound to the pool, the
// client, the door and the challenge. Doors (Door) differ in which flows they let a client begin, how the client proves
// itself, the trigger source and the ending. No function of the package calls another that leads back to it; a test in
// internal/archtest holds that.
package signin
