"""One function for every trigger of a pool, the same in three languages."""

import os
import time


def handler(event, context):
    request, response = event["request"], event["response"]
    source = event["triggerSource"]
    if source == "PreSignUp_SignUp":
        if event["userName"].startswith("bad"):
            raise Exception("bad users may not sign up")
        if event["userName"] == "crash":
            os._exit(3)
        if event["userName"] == "slow":
            time.sleep(60)
        if event["userName"] == "liar":
            return "fine"
        if event["userName"] == "fool":
            return {"response": {"autoConfirmUser": "yes"}}
        response["autoConfirmUser"] = True
        response["autoVerifyEmail"] = "email" in request["userAttributes"]
    elif source == "PreAuthentication_Authentication":
        if (request["validationData"] or {}).get("mood") == "bad":
            raise Exception("come back in a better mood")
    elif source == "CustomMessage_ForgotPassword":
        response["emailSubject"] = "Your code, " + request["userAttributes"]["name"]
        response["emailMessage"] = "It is " + request["codeParameter"] + "."
    elif source in ("TokenGeneration_Authentication", "TokenGeneration_RefreshTokens"):
        response["claimsAndScopeOverrideDetails"] = {
            "idTokenGeneration": {"claimsToAddOrOverride": {"plan": {"name": "gold", "seats": 3}}, "claimsToSuppress": ["email"]},
            "accessTokenGeneration": {"claimsToAddOrOverride": {"mood": "good"}, "scopesToAdd": ["files/read"]},
            "groupOverrideDetails": request["groupConfiguration"],
        }
    elif source == "DefineAuthChallenge_Authentication":
        session = request["session"]
        response["issueTokens"] = bool(session) and session[-1]["challengeResult"]
        response["failAuthentication"] = len(session) >= 2 and not response["issueTokens"]
        if not response["issueTokens"] and not response["failAuthentication"]:
            response["challengeName"] = "CUSTOM_CHALLENGE"
    elif source == "CreateAuthChallenge_Authentication":
        response["publicChallengeParameters"] = {"question": "six times seven?", "round": str(len(request["session"]))}
        response["privateChallengeParameters"] = {"answer": "42"}
        response["challengeMetadata"] = "RIDDLE"
    elif source == "VerifyAuthChallengeResponse_Authentication":
        response["answerCorrect"] = request["challengeAnswer"] == request["privateChallengeParameters"]["answer"]
    elif source == "UserMigration_Authentication":
        if request["password"] != "from-there-1":
            raise Exception("no such user")
        response["userAttributes"] = {"email": event["userName"] + "@example.com", "email_verified": "true", "name": "Moved"}
        response["finalUserStatus"] = "CONFIRMED"
        response["messageAction"] = "SUPPRESS"
    return event
