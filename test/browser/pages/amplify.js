// What the tests call of aws-amplify, as applications import it. esbuild makes one file of it.
export { Amplify } from "aws-amplify";
export * from "aws-amplify/auth";
