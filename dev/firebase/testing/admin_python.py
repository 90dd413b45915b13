"""Tests the database at FIREBASE_DATABASE_EMULATOR_HOST with firebase-admin; argument: the database's URL."""

import sys
import threading

import firebase_admin
from firebase_admin import db, exceptions

url = sys.argv[1]
app = firebase_admin.initialize_app(options={"databaseURL": url, "projectId": "demo-suite"})
held = firebase_admin.initialize_app(
    options={"databaseURL": url, "projectId": "demo-suite", "databaseAuthVariableOverride": {"uid": "a"}}, name="held"
)


def denied(call):
    try:
        call()
    except exceptions.FirebaseError as error:
        assert error.http_response.status_code == 401, error
        return
    raise AssertionError("was allowed")


# Writing and reading; the rules do not apply.
root = db.reference("/")
secret = db.reference("secret")
secret.set({"a": 1, "b": {"c": "é"}})
assert secret.get() == {"a": 1, "b": {"c": "é"}}
assert secret.get(shallow=True) == {"a": True, "b": True}
root.update({"secret/a": 2, "secret/b": None})
assert secret.get() == {"a": 2}
key = db.reference("open/list").push({"rank": 1}).key
assert db.reference("open/list").get() == {key: {"rank": 1}}

# ETags and transactions.
value, etag = secret.get(etag=True)
assert secret.get_if_changed(etag) == (False, None, None)
assert secret.set_if_unchanged("wrong", 1)[0] is False
assert secret.set_if_unchanged(etag, {"a": 3})[0] is True
assert db.reference("open/n").transaction(lambda n: (n or 0) + 1) == 1

# Queries.
db.reference("open/list").set({"x": {"rank": 3}, "y": {"rank": 1}, "z": {"rank": 2}})
query = db.reference("open/list").order_by_child("rank")
assert list(query.get()) == ["y", "z", "x"]
assert list(query.limit_to_last(2).get()) == ["z", "x"]
assert list(query.start_at(2).end_at(2).get()) == ["z"]
assert list(db.reference("open/list").order_by_key().limit_to_first(1).get()) == ["x"]

# With an override, the rules apply.
db.reference("mine/a", app=held).set(1)
denied(lambda: db.reference("mine/b", app=held).set(1))
denied(lambda: db.reference("secret", app=held).get())

# Listening.
events = []
heard = threading.Event()


def on_event(event):
    events.append((event.event_type, event.path, event.data))
    if len(events) == 3:
        heard.set()


listener = db.reference("open/live").listen(on_event)
while not events:
    heard.wait(0.01)
db.reference("open/live/a").set(1)
db.reference("open/live").update({"b": 2, "c": 3})
assert heard.wait(5), events
assert events == [("put", "/", None), ("put", "/a", 1), ("patch", "/", {"b": 2, "c": 3})], events
# Closing waits for the next event, so there must be one.
threading.Timer(0.2, lambda: db.reference("open/live").delete()).start()
listener.close()

secret.delete()
assert secret.get() is None
print("ok")
