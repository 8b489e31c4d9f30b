"""A Gateway whose every text tries to get out of its place, and one with 10,000 hosts."""

import json

TEXTS = [
    "<script>document.title='out'</script>",
    "\"><img src=x onerror=alert(1)>",
    "'-alert(1)-'",
    "</style></title><b>",
    "\u202ereversed\u2066 \u200b\ufeff",
    "&lt;already&gt; &amp;",
    "x" * 5000,
    "\u0000\u001b[31m\n\n",
    "مرحبا " * 40,
]

server = lambda i, text: {
    "name": text,
    "bind": text,
    "port": {"number": 443 + i, "name": text, "protocol": "HTTPS"},
    "hosts": [text, *TEXTS],
    "tls": {
        "mode": "MUTUAL",
        "insecureSkipVerify": i % 2 == 0,
        "credentialName": text,
        "caCertCredentialName": text,
        "subjectAltNames": TEXTS,
        "cipherSuites": TEXTS,
        "caCrl": text,
    },
}


def gateway(name, servers):
    metadata = {"name": name, "namespace": name}
    return {"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": metadata,
            "spec": {"selector": {"app": name}, "servers": servers}}


many = {"port": {"number": 443, "name": "https", "protocol": "HTTPS"},
        "hosts": [f"host-{i}.example.com" for i in range(10_000)],
        "tls": {"mode": "OPTIONAL_MUTUAL", "credentialName": "c", "insecureSkipVerify": True,
                "subjectAltNames": [f"spiffe://cluster.local/ns/{i}/sa/web" for i in range(10_000)]}}
gateways = [gateway(text, [server(i, text)]) for i, text in enumerate(TEXTS)]
for one in [*gateways, gateway("many", [many])]:
    print(json.dumps(one))
