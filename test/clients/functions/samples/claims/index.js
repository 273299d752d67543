// Claims and scopes from elsewhere (event version V2_0).
"use strict";

exports.handler = async (event) => {
  const { request, response } = event;
  response.claimsAndScopeOverrideDetails = {
    idTokenGeneration: { claimsToAddOrOverride: { plan: process.env.PLAN ?? "free", tags: ["a", "b"] }, claimsToSuppress: ["phone_number"] },
    accessTokenGeneration: {
      claimsToAddOrOverride: { tenant: request.userAttributes["custom:tenant"] ?? "none" },
      scopesToAdd: ["files/read"],
    },
    groupOverrideDetails: request.groupConfiguration, // left out would do; null would take the groups away
  };
  return event;
};
