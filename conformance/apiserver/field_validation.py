#!/usr/bin/env python3
"""Asks an API server what it says of Gateways with unknown and repeated fields, for each field validation.

    conformance/apiserver/run conformance/apiserver/field_validation.py [--random N] [--seed S]

Prints a line of JSON for each case: the object as it was sent, and for Strict, Warn and Ignore the code, the
message of a rejection and the warnings. Without --random: the directed cases of
tests/golden/field_validation.ndjson.
"""

import argparse
import http.client
import json
import os
import random
import re
import urllib.parse

# An object with many unknown fields gets a warning for each.
http.client._MAXHEADERS = 1000
URL = urllib.parse.urlparse(os.environ["APISERVER_URL"])
CONNECTION = http.client.HTTPConnection(URL.hostname, URL.port)


def ask(text, mode):
    path = "/apis/networking.istio.io/v1/namespaces/infra/gateways?dryRun=All&fieldValidation=" + mode
    CONNECTION.request("POST", path, text.encode(), {"Content-Type": "application/json"})
    response = CONNECTION.getresponse()
    answer = json.loads(response.read())
    warnings = [
        re.sub(r"\\(.)", r"\1", re.fullmatch(r'299 - "(.*)"', utf8(value)).group(1))
        for name, value in response.getheaders()
        if name.lower() == "warning"
    ]
    message = in_order(answer) if response.status != 201 else None
    return {"code": response.status, "message": message, "warnings": warnings}


def in_order(answer):
    """A rejection's message with its errors sorted: the server collects those of the schema in random order."""
    causes = [f"{cause['field']}: {cause['message']}" for cause in answer.get("details", {}).get("causes", [])]
    listed = "[" + ", ".join(causes) + "]"
    if len(causes) > 1 and listed not in answer["message"]:
        raise SystemExit(f"the message does not list its causes: {answer}")
    return answer["message"].replace(listed, "[" + ", ".join(sorted(causes)) + "]")


def utf8(header):
    """A header's text: http.client takes its bytes for Latin-1."""
    return header.encode("latin-1").decode()


class Repeated(list):
    """An object as its entries, in which a key may stand more than once."""


def written(value):
    if isinstance(value, Repeated):
        return "{" + ",".join(json.dumps(k, ensure_ascii=False) + ":" + written(v) for k, v in value) + "}"
    if isinstance(value, dict):
        return written(Repeated(value.items()))
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def gateway(spec, metadata=None, **top):
    base = {"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": {"name": "edge"}}
    if metadata is not None:
        base["metadata"] = metadata
    return {**base, "spec": spec, **top}


def server(**more):
    port = {"number": 443, "name": "https", "protocol": "HTTPS"}
    return {"port": port, "hosts": ["a.example.com"], **more}


def directed():
    yield "clean", gateway({"servers": [server()]})
    yield "no-spec", {k: v for k, v in gateway({}).items() if k != "spec"}
    yield "spec", gateway({"x": 1})
    yield "spec-null", gateway({"x": None})
    yield "top", gateway({}, top=1, Spec={}, status2=[])
    yield "camel-case", gateway({"servers": [server(default_endpoint="x", tls={"mode": "SIMPLE", "ca_crl": "x"})]})
    yield "tls", gateway({"servers": [server(tls={"mode": "SIMPLE", "credentialsName": "x", "Mode": "x"})]})
    yield "port", gateway({"servers": [{"port": {"tls": {}, "number": 1, "name": "a", "protocol": "TCP"}, "hosts": []}]})
    yield "within-unknown", gateway({"x": {"y": {"z": 1}}, "a": [{"b": 1}]})
    yield "order", gateway({"servers": [server(z=1, a=2), server(b=1)], "z": 1, "B": 1, "a": 1}, zz=1, AA=1)
    yield "indexes", gateway({"servers": [server(x=1) for _ in range(12)]})
    yield "quote", gateway({'a"b': 1, "c.d": 1, "ü": 1, "": 1})
    yield "selector", gateway({"selector": {"anything": "x", "a.b/c": "y"}})
    yield "wrong-shape-map", gateway({"servers": {"a": 1, "b": {}}})
    yield "wrong-shape-list", gateway({"selector": [{"q": 1}], "servers": [[{"a": 1}], 1]})
    yield "wrong-shape-scalar", gateway({"servers": [{"port": [{"a": 1}], "hosts": {"b": 1}, "tls": 1}]})
    yield "schema-error-too", gateway({"x": 1, "servers": [{"port": {"number": "x"}}]})
    yield "bad-name-too", gateway({"x": 1}, {"name": "a b"})
    yield "metadata-type-too", gateway({"x": 1}, {"name": "a", "labels": {"a": 1}, "zz": 1}, top=1)
    yield "metadata-time-too", gateway({"x": 1}, {"name": "a", "creationTimestamp": "now", "zz": 1})
    yield "metadata-type-and-repeated", gateway({"selector": Repeated([("a", "b"), ("a", "c")])}, {"name": "a", "finalizers": "x"})
    yield "status", gateway({}, status={"x": 1, "conditions": [{"y": 1, "type": "a"}], "validationMessages": [{"z": 1, "type": {"q": 1}}]})
    yield "metadata", gateway({}, {"name": "a", "zz": 1, "Name": "x", "clusterName": "x", "aa": {"b": 1}})
    yield "metadata-labels", gateway({}, {"name": "a", "labels": {"any": "x"}, "annotations": {"b": "y"}})
    yield "metadata-null", gateway({}, {"name": "a", "x": None})
    yield "owner", gateway({}, {"name": "a", "ownerReferences": [{"apiVersion": "v1", "kind": "A", "name": "b", "uid": "u", "foo": 1, "Name": 2}]})
    yield "managed", gateway({}, {"name": "a", "managedFields": [{"foo": 1}]})
    yield "metadata-and-spec", gateway({"a": 1}, {"name": "a", "z": 1}, b=1)
    yield "known-metadata", gateway({}, {"name": "a", "generateName": "b", "namespace": "infra", "selfLink": "x", "finalizers": [], "generation": 1, "deletionGracePeriodSeconds": None, "creationTimestamp": None})
    yield "many-spec", gateway({"s%d" % i: 1 for i in range(150)})
    yield "many-metadata", gateway({"x": 1}, {"name": "a", **{"m%d" % i: 1 for i in range(150)}})
    pair = Repeated([("a", "b"), ("a", "c")])
    yield "repeated-selector-key", gateway({"selector": pair})
    yield "repeated-spec-key", gateway(Repeated([("servers", []), ("servers", [])]))
    yield "repeated-in-server", gateway({"servers": [Repeated([*server().items(), ("name", "a"), ("name", "b")])]})
    yield "repeated-top", Repeated([*gateway({"selector": pair}).items(), ("kind", "Gateway"), ("spec", {"selector": pair})])
    yield "repeated-label", gateway({}, {"name": "a", "labels": pair})
    yield "repeated-thrice", gateway({"selector": Repeated([*pair, ("a", "d")])})
    yield "repeated-unknown", gateway({"x": pair})
    yield "repeated-and-unknown", gateway({"x": 1, "selector": pair}, {"name": "a", "y": 1})
    yield "repeated-many", gateway(Repeated([("s%d" % (i // 2), 1) for i in range(300)]))
    yield "repeated-case", gateway({"selector": {"a": "b", "A": "c"}})
    yield "repeated-within-list", gateway({"servers": [server(hosts=[Repeated([("a", 1), ("a", 2)])])]})


NAMES = ["x", "z1", "a b", "Mode", "ca_crl", "hosts", "port", "tls", "servers", "selector", "mode", "name", "metadata", "kind", "spec", "ä"]


def drawn(r, depth=0):
    kind = r.randrange(8 if depth < 4 else 5)
    if kind < 5:
        return r.choice([None, True, 1, 1.5, "", "x", "SIMPLE", "HTTP"])
    if kind < 6:
        return [drawn(r, depth + 1) for _ in range(r.randrange(4))]
    return Repeated((r.choice(NAMES), drawn(r, depth + 1)) for _ in range(r.randrange(5)))


def damaged(r, value):
    """The value with unknown and repeated entries in it, and now and then another one in its place."""
    if r.random() < 0.03:
        return drawn(r)
    if isinstance(value, dict):
        entries = Repeated((k, damaged(r, v)) for k, v in value.items())
        while r.random() < 0.3:
            entries.insert(r.randrange(len(entries) + 1), (r.choice(NAMES), drawn(r)))
        while entries and r.random() < 0.1:
            key, old = r.choice(entries)
            entries.append((key, r.choice([old, drawn(r)])))
        return entries
    if isinstance(value, list):
        return [damaged(r, item) for item in value]
    return value


def randoms(count, seed):
    r = random.Random(seed)
    tls = {"mode": "SIMPLE", "credentialName": "c", "cipherSuites": ["a"], "tlsCertificates": [{"privateKey": "k"}]}
    for number in range(count):
        spec = {"selector": {"a": "b"}, "servers": [server(tls=tls), server()][: r.randrange(3)]}
        spec = damaged(r, spec)
        metadata = {"name": "edge", "labels": {"a": "b"}}
        while r.random() < 0.3:
            metadata[r.choice(["x", "Labels", "a", "clusterName", "finalizers"])] = r.choice([1, None, {"a": 1}])
        more = {r.choice(["x", "Spec", "Status", "z"]): drawn(r) for _ in range(r.randrange(2))}
        yield "random-%d" % number, gateway(spec, metadata, **more)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    cases = randoms(arguments.random, arguments.seed) if arguments.random else directed()
    for name, value in cases:
        text = written(value)
        answers = {mode.lower(): ask(text, mode) for mode in ["Strict", "Warn", "Ignore"]}
        print(json.dumps({"id": name, "object": text, **answers}, ensure_ascii=False))


main()
