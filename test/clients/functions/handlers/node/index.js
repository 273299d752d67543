// One function for every trigger of a pool, the same in three languages.
"use strict";

exports.handler = async (event) => {
  const { request, response } = event;
  switch (event.triggerSource) {
    case "PreSignUp_SignUp":
      if (event.userName.startsWith("bad")) throw new Error("bad users may not sign up");
      if (event.userName === "crash") process.exit(3);
      if (event.userName === "slow") await new Promise((done) => setTimeout(done, 60_000));
      if (event.userName === "liar") return "fine";
      if (event.userName === "fool") return { response: { autoConfirmUser: "yes" } };
      response.autoConfirmUser = true;
      response.autoVerifyEmail = "email" in request.userAttributes;
      break;
    case "PreAuthentication_Authentication":
      if (request.validationData?.mood === "bad") throw new Error("come back in a better mood");
      break;
    case "CustomMessage_ForgotPassword":
      response.emailSubject = "Your code, " + request.userAttributes.name;
      response.emailMessage = "It is " + request.codeParameter + ".";
      break;
    case "TokenGeneration_Authentication":
    case "TokenGeneration_RefreshTokens":
      response.claimsAndScopeOverrideDetails = {
        idTokenGeneration: { claimsToAddOrOverride: { plan: { name: "gold", seats: 3 } }, claimsToSuppress: ["email"] },
        accessTokenGeneration: { claimsToAddOrOverride: { mood: "good" }, scopesToAdd: ["files/read"] },
        groupOverrideDetails: request.groupConfiguration,
      };
      break;
    case "DefineAuthChallenge_Authentication": {
      const last = request.session.at(-1);
      response.issueTokens = last?.challengeResult === true;
      response.failAuthentication = request.session.length >= 2 && !response.issueTokens;
      if (!response.issueTokens && !response.failAuthentication) response.challengeName = "CUSTOM_CHALLENGE";
      break;
    }
    case "CreateAuthChallenge_Authentication":
      response.publicChallengeParameters = { question: "six times seven?", round: String(request.session.length) };
      response.privateChallengeParameters = { answer: "42" };
      response.challengeMetadata = "RIDDLE";
      break;
    case "VerifyAuthChallengeResponse_Authentication":
      response.answerCorrect = request.challengeAnswer === request.privateChallengeParameters.answer;
      break;
    case "UserMigration_Authentication":
      if (request.password !== "from-there-1") throw new Error("no such user");
      response.userAttributes = { email: event.userName + "@example.com", email_verified: "true", name: "Moved" };
      response.finalUserStatus = "CONFIRMED";
      response.messageAction = "SUPPRESS";
      break;
  }
  return event;
};
