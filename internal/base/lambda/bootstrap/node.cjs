'use strict';
// The Node.js runtime of a function: loads the handler, then takes one event
// after the other from the Runtime API and posts what the handler answers.
const net = require('node:net');
const fs = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { createRequire } = require('node:module');

const env = process.env;
const root = env.LAMBDA_TASK_ROOT;
const [host, port] = env.AWS_LAMBDA_RUNTIME_API.split(':');
const base = '/2018-06-01/runtime';

// One connection, one request at a time. The socket keeps the process alive
// only while an answer is awaited, so that 'beforeExit' tells when a handler's
// own work has run dry.
const socket = net.connect({ host, port: Number(port), noDelay: true });
let received = Buffer.alloc(0);
let waiting = null;
socket.on('data', (chunk) => {
  received = received.length ? Buffer.concat([received, chunk]) : chunk;
  parse();
});
for (const event of ['error', 'close']) socket.on(event, () => process.exit(1));

function parse() {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0 || !waiting) return;
  const lines = received.toString('latin1', 0, end).split('\r\n');
  const headers = {};
  for (const line of lines.slice(1)) {
    const i = line.indexOf(':');
    headers[line.slice(0, i).toLowerCase()] = line.slice(i + 1).trim();
  }
  const start = end + 4;
  const size = Number(headers['content-length'] || 0);
  if (received.length < start + size) return;
  const body = received.toString('utf8', start, start + size);
  received = received.subarray(start + size);
  const done = waiting;
  waiting = null;
  socket.unref();
  done({ status: Number(lines[0].split(' ')[1]), headers, body });
}

function call(method, resource, body, type) {
  return new Promise((resolve) => {
    waiting = resolve;
    socket.ref();
    let head = `${method} ${base}${resource} HTTP/1.1\r\nHost: ${host}:${port}\r\n`;
    if (type) head += `Lambda-Runtime-Function-Error-Type: ${type}\r\n`;
    if (body === undefined) {
      socket.write(head + '\r\n');
      return;
    }
    const bytes = Buffer.from(body);
    socket.cork();
    socket.write(`${head}Content-Type: application/json\r\nContent-Length: ${bytes.length}\r\n\r\n`);
    socket.write(bytes);
    socket.uncork();
  });
}

function describe(error) {
  if (error !== null && typeof error === 'object' && typeof error.message === 'string' && 'stack' in error) {
    return {
      errorType: String(error.name || 'Error'),
      errorMessage: error.message,
      trace: String(error.stack || '').split('\n'),
    };
  }
  let text;
  try {
    text = typeof error === 'object' ? JSON.stringify(error) : String(error);
  } catch {
    text = 'error';
  }
  return { errorType: typeof error, errorMessage: text, trace: [] };
}

function fault(type, message) {
  return Object.assign(new Error(message), { name: type });
}

// isModule says whether Node takes a .js file for an ES module: by the nearest
// package.json, not looked for above the function's folder.
function isModule(file) {
  for (let dir = path.dirname(file); ; dir = path.dirname(dir)) {
    try {
      return JSON.parse(fs.readFileSync(path.join(dir, 'package.json'), 'utf8')).type === 'module';
    } catch (e) {
      if (e.code !== 'ENOENT') return false;
    }
    if (dir === root || dir === path.dirname(dir)) return false;
  }
}

async function load() {
  const [, folder, name, member] = /^(.*\/)?([^./]*)\.(.+)$/.exec(env._HANDLER) || [];
  if (!name) throw fault('Runtime.MalformedHandlerName', `Bad handler ${env._HANDLER}`);
  const stem = path.join(root, folder || '', name);
  const file = ['', '.js', '.mjs', '.cjs'].map((x) => stem + x).find((f) => fs.statSync(f, { throwIfNoEntry: false })?.isFile());
  if (!file) throw fault('Runtime.ImportModuleError', `Error: Cannot find module '${(folder || '') + name}'`);
  let loaded;
  try {
    const esm = file.endsWith('.mjs') || (file.endsWith('.js') && isModule(file));
    loaded = esm ? await import(pathToFileURL(file)) : createRequire(file)(file);
  } catch (e) {
    if (e instanceof SyntaxError) throw fault('Runtime.UserCodeSyntaxError', String(e));
    if (e && (e.code === 'MODULE_NOT_FOUND' || e.code === 'ERR_MODULE_NOT_FOUND')) {
      throw fault('Runtime.ImportModuleError', String(e));
    }
    throw e;
  }
  const find = (from) => member.split('.').reduce((o, k) => (o === undefined || o === null ? undefined : o[k]), from);
  const handler = find(loaded) ?? find(loaded.default);
  if (typeof handler !== 'function') {
    throw fault('Runtime.HandlerNotFound', `${env._HANDLER} is undefined or not exported`);
  }
  return handler;
}

function makeContext(headers, finish) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const done = (error, value) => finish(error === undefined || error === null ? { value } : { error });
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
    done,
    succeed: (value) => finish({ value }),
    fail: (error) => finish({ error: error ?? 'handled' }),
  };
}

let drained = null; // what to do when the handler's event loop is empty
process.on('beforeExit', () => drained && drained());

// invoke runs the handler and resolves to {value} or {error}.
function invoke(handler, event, headers) {
  return new Promise((resolve) => {
    let held = { value: null }; // a handler that never answers has answered null
    const context = makeContext(headers, resolve);
    drained = () => resolve(held);
    const callback = (error, value) => {
      if (error !== undefined && error !== null) resolve({ error });
      else if (context.callbackWaitsForEmptyEventLoop) held = { value };
      else resolve({ value });
    };
    try {
      const answer = handler(event, context, callback);
      if (answer && typeof answer.then === 'function') {
        answer.then((value) => resolve({ value }), (error) => resolve({ error }));
      }
    } catch (error) {
      resolve({ error });
    }
  });
}

let current = null; // request id in work
async function postError(id, error, type) {
  const text = describe(error);
  if (type) text.errorType = type;
  console.error(text.trace.length ? text.trace.join('\n') : `${text.errorType}: ${text.errorMessage}`);
  await call('POST', id ? `/invocation/${id}/error` : '/init/error', JSON.stringify(text), text.errorType.replace(/[^\w.]/g, ''));
}

for (const [event, type] of [['uncaughtException', ''], ['unhandledRejection', 'Runtime.UnhandledPromiseRejection']]) {
  process.on(event, async (error) => {
    if (!waiting) await postError(current, error, type);
    process.exit(129);
  });
}

async function main() {
  let handler;
  try {
    handler = await load();
  } catch (error) {
    await postError(null, error);
    process.exit(1);
  }
  for (;;) {
    const next = await call('GET', '/invocation/next');
    if (next.status !== 200) process.exit(1);
    current = next.headers['lambda-runtime-aws-request-id'];
    if (next.headers['lambda-runtime-trace-id']) env._X_AMZN_TRACE_ID = next.headers['lambda-runtime-trace-id'];
    const outcome = await invoke(handler, JSON.parse(next.body), next.headers);
    drained = null;
    let body;
    if (!('error' in outcome)) {
      try {
        body = JSON.stringify(outcome.value) ?? 'null';
      } catch (error) {
        outcome.error = fault('Runtime.MarshalError', `Unable to stringify response body: ${error.message}`);
      }
    }
    if ('error' in outcome) await postError(current, outcome.error);
    else await call('POST', `/invocation/${current}/response`, body);
    current = null;
  }
}

main();
