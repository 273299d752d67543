"""The Python runtime of a function: loads the handler, then takes one event
after the other from the Runtime API and posts what the handler answers."""
import importlib
import json
import os
import socket
import sys
import time
import traceback

ENV = os.environ
ROOT = ENV["LAMBDA_TASK_ROOT"]
HOST, PORT = ENV["AWS_LAMBDA_RUNTIME_API"].split(":")
BASE = "/2018-06-01/runtime"


class Fault(Exception):
    """An error with the type under which AWS reports it."""

    def __init__(self, kind, text):
        super().__init__(text)
        self.kind = kind


class Runtime:
    """One connection to the Runtime API, one request at a time."""

    def __init__(self):
        self.sock = socket.create_connection((HOST, int(PORT)))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = self.sock.makefile("rb")

    def call(self, method, resource, body=None, kind=None):
        head = f"{method} {BASE}{resource} HTTP/1.1\r\nHost: {HOST}:{PORT}\r\n"
        if kind:
            head += f"Lambda-Runtime-Function-Error-Type: {kind}\r\n"
        if body is not None:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self.sock.sendall(head.encode("latin-1") + b"\r\n" + (body or b""))
        status = self.reader.readline().split()
        if len(status) < 2:
            os._exit(1)
        headers = {}
        for line in iter(self.reader.readline, b"\r\n"):
            if not line:
                os._exit(1)
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return int(status[1]), headers, self.reader.read(int(headers.get("content-length", 0)))

    def fail(self, resource, text):
        kind = "".join(c for c in text["errorType"] if c.isalnum() or c in "._")
        self.call("POST", resource, json.dumps(text).encode(), kind)


class Context:
    """What a handler gets as its second argument."""

    def __init__(self, headers):
        self._deadline = int(headers["lambda-runtime-deadline-ms"])
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.function_name = ENV.get("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = ENV.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = ENV.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = ENV.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = ENV.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.identity = None
        self.client_context = None

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline - int(time.time() * 1000))

    def log(self, text):
        sys.stdout.write(str(text))


def describe(error, request_id=""):
    frames = traceback.extract_tb(error.__traceback__)
    frames = [f for f in frames if f.filename != __file__]
    kind = error.kind if isinstance(error, Fault) else type(error).__name__
    return {
        "errorMessage": str(error),
        "errorType": kind,
        "requestId": request_id,
        "stackTrace": traceback.format_list(frames),
    }


def load():
    name, dot, member = ENV["_HANDLER"].rpartition(".")
    if not dot or not name:
        raise Fault("Runtime.MalformedHandlerName", f"Bad handler '{ENV['_HANDLER']}': not enough values to unpack")
    try:
        module = importlib.import_module(name.replace("/", "."))
    except ImportError as e:
        raise Fault("Runtime.ImportModuleError", f"Unable to import module '{name}': {e}") from e
    except SyntaxError as e:
        raise Fault("Runtime.UserCodeSyntaxError", f"Syntax error in module '{name}': {e}") from e
    if not hasattr(module, member):
        raise Fault("Runtime.HandlerNotFound", f"Handler '{member}' missing on module '{name}'")
    return getattr(module, member)


def answer(handler, body, context):
    value = handler(json.loads(body), context)
    try:
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    except (TypeError, ValueError) as e:
        raise Fault("Runtime.MarshalError", f"Unable to marshal response: {e}") from e


def main():
    sys.path[0] = ROOT  # instead of the folder of this file
    runtime = Runtime()
    try:
        handler = load()
    except Exception as e:  # whatever the module's own code raises
        traceback.print_exc()
        runtime.fail("/init/error", describe(e))
        sys.exit(1)
    while True:
        status, headers, body = runtime.call("GET", "/invocation/next")
        if status != 200:
            sys.exit(1)
        context = Context(headers)
        trace = headers.get("lambda-runtime-trace-id")
        if trace:
            ENV["_X_AMZN_TRACE_ID"] = trace
        request = "/invocation/" + context.aws_request_id
        try:
            result = answer(handler, body, context)
        except Exception as e:
            traceback.print_exc()
            runtime.fail(request + "/error", describe(e, context.aws_request_id))
        else:
            runtime.call("POST", request + "/response", result)


if __name__ == "__main__":
    main()
