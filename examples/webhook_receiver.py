"""Be told about tasks instead of asking: a receiver of webhooks, with nothing but Python's own HTTP server.

    uv run xqueue webhooks create https://shop.example/hook --event success,failed     # prints the secret
    XQ_WEBHOOK_SECRET=whsec_… uv run python examples/webhook_receiver.py --port 9000

For a receiver on this machine the notifier needs XQ_WEBHOOK_ALLOW_PRIVATE=1.
"""

import argparse
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from xqueue_client.webhooks import BadWebhook, Event, verify

LONGEST = 2 * 1024 * 1024


def handle(event: Event) -> None:
    """Do what is to be done about it; quickly, or the sender gives up and comes again."""
    task = event.task
    print(f"{task.type} {task.task_id}: {event.type}", flush=True)


class Receiver(BaseHTTPRequestHandler):
    """Answers 204 to what it has dealt with; whatever else it answers, the sender comes again."""

    timeout = 30
    secret = ""
    done: set[str] = set()  # noqa: RUF012  # of all requests; where more depends on it, in your database

    def do_POST(self) -> None:  # the name that the library calls
        """Take a webhook in."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LONGEST:
            self.send_error(413)
            return
        try:
            event = verify(self.rfile.read(int(length)), self.headers, self.secret)
        except BadWebhook as error:
            self.send_error(400, explain=error.reason)
            return
        if event.id not in self.done:  # the same may come again, whenever an answer was lost
            handle(event)
            self.done.add(event.id)
        self.send_response(204)
        self.end_headers()


def main() -> None:
    """Listen until Ctrl-C."""
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, default=9000)
    Receiver.secret = os.environ["XQ_WEBHOOK_SECRET"]
    with ThreadingHTTPServer(("127.0.0.1", options.parse_args().port), Receiver) as server:
        print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
