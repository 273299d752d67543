// Package esdk writes and reads messages in the format of the AWS Encryption
// SDK, so that its unmodified libraries decrypt what Cognate encrypts and the
// other way round.
//
// A message is a header (algorithm suite, encryption context, the data key
// wrapped by a key management service), one or more encrypted frames and, for
// signing suites, a signature over everything before it. Three suites are
// supported, all with AES-256-GCM; see Suite. The format is the one of the
// public AWS Encryption SDK specification, message format versions 1 and 2.
package esdk
