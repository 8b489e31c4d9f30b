#!/usr/bin/env python3
"""Asks a real Envoy whether it uses each certificate, key and CA of a file of cases.

    ISTIO_GATEWAY_ENVOY=PATH envoy.py CASES > ANSWERS

Each line of CASES has `id` and, in Base64, `cert` and `key`. Each line of ANSWERS has the id, and Envoy's
errors: `pair` for the two as a server's certificate, `ca` for `cert` as the CA of client certificates. An
error is empty if Envoy uses them. Each is a secret of its own that Envoy reads from a file (SDS), for a
filter chain of its own.
"""

import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

# Each secret is a file that Envoy watches, and a user may have 128 watches by default.
BATCH = 50
TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3."
ERROR = re.compile(r"Error adding/updating listener|gRPC config|Filesystem config update rejected|config.*rejected")


def ask(cases):
    with tempfile.TemporaryDirectory() as folder:
        return ask_in(folder, cases)


def ask_in(folder, cases):
    def secret(name, body):
        resource = {"@type": TLS + "Secret", "name": name, **body}
        path = os.path.join(folder, name + ".json")
        with open(path, "w") as file:
            json.dump({"version_info": "1", "resources": [resource]}, file)
        return {"name": name, "sds_config": {"path_config_source": {"path": path}, "resource_api_version": "V3"}}

    def inline(text):
        return {"inline_bytes": text}

    # A pair that is right, for the server of a CA.
    good_cert, good_key = own_pair(folder)
    chains = []
    for number, case in enumerate(cases):
        pair = secret(f"pair{number}", {
            "tls_certificate": {"certificate_chain": inline(case["cert"]), "private_key": inline(case["key"])}})
        ca = secret(f"ca{number}", {"validation_context": {"trusted_ca": inline(case["cert"])}})
        own = {"certificate_chain": inline(good_cert), "private_key": inline(good_key)}
        for kind, context in [
            ("pair", {"tls_certificate_sds_secret_configs": [pair]}),
            ("ca", {"tls_certificates": [own], "combined_validation_context": {
                "default_validation_context": {}, "validation_context_sds_secret_config": ca}}),
        ]:
            chains.append({
                "filter_chain_match": {"server_names": [f"{kind}{number}.test"]},
                "filters": [],
                "transport_socket": {"name": "tls", "typed_config": {
                    "@type": TLS + "DownstreamTlsContext", "common_tls_context": context,
                    "require_client_certificate": kind == "ca"}}})
    bootstrap = {
        "node": {"id": "test", "cluster": "test"},
        "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}},
        "static_resources": {"listeners": [{
            "name": "l", "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
            "listener_filters": [{"name": "tls_inspector", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"}}],
            "filter_chains": chains}]}}
    config, admin, log = (os.path.join(folder, name) for name in ["envoy.json", "admin", "log"])
    with open(config, "w") as file:
        json.dump(bootstrap, file)
    command = [os.environ["ISTIO_GATEWAY_ENVOY"], "-c", config, "--admin-address-path", admin, "--log-path", log,
               "--use-dynamic-base-id", "--concurrency", "1", "--log-format", "%v", "-l", "warning"]
    envoy = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wanted = 2 * len(cases)
        for _ in range(600):
            if envoy.poll() is not None:
                with open(log) as file:
                    sys.exit(f"Envoy ended with status {envoy.returncode}: {file.read()[-2000:]}")
            stats = statistics(admin)
            done = sum(value for name, value in stats.items()
                       if name.endswith((".update_success", ".update_rejected")))
            if done >= wanted:
                break
            time.sleep(0.1)
        else:
            sys.exit(f"Envoy answered for {done} of {wanted} secrets")
    finally:
        envoy.terminate()
        envoy.wait()
    with open(log, errors="replace") as file:
        return file.read(), stats


def statistics(admin):
    try:
        with open(admin) as file:
            address = file.read()
        url = f"http://{address}/stats?filter=^sds&format=json"
        with urllib.request.urlopen(url) as response:
            found = json.load(response)["stats"]
    except (OSError, ValueError):
        return {}
    return {stat["name"]: stat["value"] for stat in found if "name" in stat}


def own_pair(folder):
    cert, key = (os.path.join(folder, name) for name in ["cert.pem", "key.pem"])
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=own", "-days", "30",
                    "-keyout", key, "-out", cert], check=True, capture_output=True)
    texts = []
    for path in [cert, key]:
        with open(path, "rb") as file:
            texts.append(base64.b64encode(file.read()).decode())
    return texts


def main():
    with open(sys.argv[1]) as file:
        cases = [json.loads(line) for line in file]
    for start in range(0, len(cases), BATCH):
        batch = cases[start:start + BATCH]
        log, stats = ask(batch)
        for line in log.splitlines():
            if "rejected" in line:
                print(line, file=sys.stderr)
        for number, case in enumerate(batch):
            answer = {"id": case["id"]}
            for kind in ["pair", "ca"]:
                answer[kind] = stats[f"sds.{kind}{number}.update_rejected"] == 0
            print(json.dumps(answer))


if __name__ == "__main__":
    main()
