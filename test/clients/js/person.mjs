// A person with a browser who uses amazon-cognito-identity-js.

import { AuthenticationDetails, CognitoUser, CognitoUserAttribute, CognitoUserPool } from "amazon-cognito-identity-js";

// A browser's storage, one per person.
class Memory {
  #items = new Map();
  setItem(k, v) { this.#items.set(k, v); return v; }
  getItem(k) { return this.#items.get(k) ?? null; }
  removeItem(k) { this.#items.delete(k); }
  clear() { this.#items.clear(); }
}

export class Person {
  constructor(server, pool, name, storage = new Memory()) {
    this.storage = storage;
    this.pool = new CognitoUserPool({ UserPoolId: pool.id, ClientId: pool.clientId, endpoint: server.url + "/", Storage: this.storage });
    this.name = name;
    this.user = new CognitoUser({ Username: name, Pool: this.pool, Storage: this.storage });
  }
  signUp(password, attributes) {
    const list = Object.entries(attributes).map(([Name, Value]) => new CognitoUserAttribute({ Name, Value }));
    return new Promise((done, fail) => this.pool.signUp(this.name, password, list, [], (err, data) => (err ? fail(err) : done(data))));
  }
  // Signs in by SRP; resolves to the session, or to what onNewPassword answers.
  signIn(password, onNewPassword) {
    const details = new AuthenticationDetails({ Username: this.name, Password: password });
    return new Promise((done, fail) => this.user.authenticateUser(details, {
      onSuccess: done, onFailure: fail,
      newPasswordRequired: (attributes, required) => done(onNewPassword(attributes, required)),
    }));
  }
  // Signs in by SRP and resolves to what the library calls back: { session, confirm } or { challenge, parameters }.
  begin(password) {
    const details = new AuthenticationDetails({ Username: this.name, Password: password });
    return new Promise((done, fail) => this.user.authenticateUser(details, outcome(done, fail)));
  }
  // Calls a method of CognitoUser that goes on with a sign-in, whose callbacks come after the first argument.
  next(method, argument, ...more) {
    return new Promise((done, fail) => this.user[method](argument, outcome(done, fail), ...more));
  }
  // Calls a method of CognitoUser that takes (..., callback).
  call(method, ...args) {
    return new Promise((done, fail) => this.user[method](...args, (err, data) => (err ? fail(err) : done(data))));
  }
  // Calls a method of CognitoUser that takes (..., {onSuccess, onFailure, inputVerificationCode}).
  steps(method, ...args) {
    return new Promise((done, fail) => this.user[method](...args, { onSuccess: done, onFailure: fail, inputVerificationCode: done }));
  }
}

function outcome(done, fail) {
  const posed = (challenge, parameters) => done({ challenge, parameters });
  return {
    onSuccess: (session, confirm) => done({ session, confirm }), onFailure: fail,
    mfaRequired: posed, totpRequired: posed, selectMFAType: posed, mfaSetup: posed,
  };
}
