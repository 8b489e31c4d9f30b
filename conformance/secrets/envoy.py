#!/usr/bin/env python3
"""Asks a real Envoy whether it uses each certificate, key, CA and CRL of a file of cases.

    ISTIO_GATEWAY_ENVOY=PATH envoy.py CASES > ANSWERS

Each line of CASES has `id` and, in Base64, `cert` and `key`, or `ca`, `crl` (null if there is none) and
`clients`. Each line of ANSWERS has the id, and whether Envoy uses them: `pair` for certificate and key of a
server, `ca` for `cert`, or for `ca` with `crl`, as the CA of client certificates. `clients` are those that
Envoy accepts, if it uses the CA. Each is a secret of its own that Envoy reads from a file (SDS), for a filter
chain of its own.
"""

import base64
import json
import os
import re
import socket
import ssl
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
    wanted = 0
    own = {"certificate_chain": inline(good_cert), "private_key": inline(good_key)}
    for number, case in enumerate(cases):
        validation = {"trusted_ca": inline(case["cert"] if "cert" in case else case["ca"])}
        if case.get("crl") is not None:
            validation["crl"] = inline(case["crl"])
        ca = secret(f"ca{number}", {"validation_context": validation})
        contexts = [("ca", {"tls_certificates": [own], "combined_validation_context": {
            "default_validation_context": {}, "validation_context_sds_secret_config": ca}})]
        if "cert" in case:
            pair = secret(f"pair{number}", {
                "tls_certificate": {"certificate_chain": inline(case["cert"]), "private_key": inline(case["key"])}})
            contexts.append(("pair", {"tls_certificate_sds_secret_configs": [pair]}))
        wanted += len(contexts)
        for kind, context in contexts:
            chains.append({
                "filter_chain_match": {"server_names": [f"{kind}{number}.test"]},
                "filters": [{"name": "echo", "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.network.echo.v3.Echo"}}],
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
        answers = []
        for number, case in enumerate(cases):
            kinds = ["pair", "ca"] if "cert" in case else ["ca"]
            answer = {"id": case["id"], **{kind: stats[f"sds.{kind}{number}.update_rejected"] == 0 for kind in kinds}}
            if answer["ca"] and "clients" in case:
                port = listener(admin)
                answer["clients"] = [connects(folder, port, f"ca{number}.test", of) for of in case["clients"]]
            answers.append(answer)
    finally:
        envoy.terminate()
        envoy.wait()
    with open(log, errors="replace") as file:
        return file.read(), answers


def listener(admin):
    with open(admin) as file:
        address = file.read()
    with urllib.request.urlopen(f"http://{address}/listeners?format=json") as response:
        [status] = json.load(response)["listener_statuses"]
    return status["local_address"]["socket_address"]["port_value"]


def connects(folder, port, name, client):
    """Whether Envoy accepts the client in both versions of TLS."""
    paths = [os.path.join(folder, file) for file in ["client.pem", "client.key"]]
    for path, text in zip(paths, [client["chain"], client["key"]]):
        with open(path, "wb") as file:
            file.write(base64.b64decode(text))
    answers = {}
    for version in [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.minimum_version = context.maximum_version = version
        context.load_cert_chain(*paths)
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
                with context.wrap_socket(plain, server_hostname=name) as tls:
                    tls.sendall(b"served")
                    answers[version] = tls.recv(100)
        except OSError as error:
            answers[version] = str(error)
    accepted = {answer == b"served" for answer in answers.values()}
    if len(accepted) != 1:
        sys.exit(f"{name}: the versions of TLS differ: {answers}")
    return accepted.pop()


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
        log, answers = ask(batch)
        for line in log.splitlines():
            if "rejected" in line:
                print(line, file=sys.stderr)
        for answer in answers:
            print(json.dumps(answer))


if __name__ == "__main__":
    main()
