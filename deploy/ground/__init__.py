"""What `deploy/local` stands on: a private NATS server and a private Postgres, and nothing else.

`pins` says exactly which builds may be run, `fetch` gets them, `home` keeps what belongs to one
pair of servers, `processes` starts and ends them, `nats`, `postgres` and `sql` know one server
each.

**Invariant:** only the Python standard library is used, so that a fresh machine needs no more than
`python3`; an open port is never taken as proof that it is our server that answers.
"""


class CannotRun(Exception):
    """Something is missing or in the way; the text is one sentence and says what to do about it."""
