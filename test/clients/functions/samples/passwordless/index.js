// Sign-in without a password: a code goes to the user's e-mail address. Three
// functions of one file; their handlers are index.define, index.create and
// index.verify. With index.defineAfterPassword in place of the first, the code
// is asked for after the password (SRP).
"use strict";
const { randomInt, timingSafeEqual } = require("node:crypto");

const GUESSES = 3;
const PREFIX = "CODE-";

// What comes next: a code first, tokens after the right answer, an end after
// three wrong ones or for somebody who does not exist.
exports.define = async (event) => {
  const { request, response } = event;
  const last = request.session.at(-1);
  response.issueTokens = last?.challengeName === "CUSTOM_CHALLENGE" && last.challengeResult === true;
  response.failAuthentication = !response.issueTokens && request.session.length >= GUESSES;
  if (!response.issueTokens && !response.failAuthentication) response.challengeName = "CUSTOM_CHALLENGE";
  return event;
};

// The steps of a sign-in that begins with SRP_A, one guess each.
const NEXT = { SRP_A: "PASSWORD_VERIFIER", "SRP_A PASSWORD_VERIFIER": "CUSTOM_CHALLENGE" };

exports.defineAfterPassword = async (event) => {
  const { request, response } = event;
  const done = request.session.map((step) => (step.challengeResult ? step.challengeName : "failed")).join(" ");
  response.issueTokens = done === "SRP_A PASSWORD_VERIFIER CUSTOM_CHALLENGE";
  response.failAuthentication = !NEXT[done] && !response.issueTokens;
  if (NEXT[done]) response.challengeName = NEXT[done];
  return event;
};

// A new code for the first guess; for the others the one that was sent, which
// the metadata of the last challenge remembers. Metadata stays on the server.
exports.create = async (event) => {
  const { request, response } = event;
  const last = request.session.at(-1);
  let code = last?.challengeMetadata?.slice(PREFIX.length);
  if (!code) {
    code = String(randomInt(1e6)).padStart(6, "0");
    if (!request.userNotFound) await send(request.userAttributes.email, code);
  }
  response.publicChallengeParameters = { medium: "email" };
  response.privateChallengeParameters = { code };
  response.challengeMetadata = PREFIX + code;
  return event;
};

exports.verify = async (event) => {
  const { request, response } = event;
  const want = Buffer.from(request.privateChallengeParameters.code);
  const have = Buffer.from(request.challengeAnswer);
  response.answerCorrect = want.length === have.length && timingSafeEqual(want, have) && !request.userNotFound;
  return event;
};

// Hands the mail to whatever sends mail: SES, a queue, or here an HTTP endpoint.
async function send(to, code) {
  const answer = await fetch(process.env.MAIL_URL, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ to, text: `Your code is ${code}.` }),
  });
  if (!answer.ok) throw new Error("the code could not be sent");
}
