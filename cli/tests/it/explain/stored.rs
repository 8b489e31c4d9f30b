//! Explanations of stored and dropped fields.

use super::*;
use crate::start::joined;

fn gateway(tls: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {{name: edge}}\nspec:\n  \
         selector: {{istio: x}}\n  servers:\n  - port: {{number: 443, name: https, protocol: HTTPS}}\n    \
         hosts: [x.test]\n    tls:\n      mode: MUTUAL\n      credentialName: c\n      {tls}\n"
    )
}

/// Each field with its name in `snake_case`, and its effect.
const SNAKE: [(&str, &str); 6] = [
    ("subject_alt_names: [only.me]", "in, verified -> rejected: without a required SAN"),
    ("verify_certificate_spki: [K+eTy1Sp+hl+GM51HwQr2deoHn4K/V0Su5ZERzteFls=]", "not pinned"),
    ("min_protocol_version: TLSV1_3", "oldest TLS version was TLS 1.2 and is TLS 1.3"),
    ("insecure_skip_verify: true", "self-signed"),
    ("ca_cert_credential_name: other-cacert", "issued by the new CA"),
    ("cipher_suites: [AES128-SHA]", "AES128-SHA"),
];

#[test]
fn a_snake_case_field_has_no_effect_and_is_reported() {
    let plain = report(&[], &gateway(""));
    for (field, effect) in SNAKE {
        let found = report(&[], &gateway(field));
        let server = &found["servers"][0];
        assert_eq!(server["clients"], plain["servers"][0]["clients"], "{field}");
        assert_eq!(server["answer"], plain["servers"][0]["answer"], "{field}");
        let pruned = &server["pruned"][0];
        let name = field.split_once(':').unwrap().0;
        assert_eq!(pruned["rule"], "lint/snake-case-field");
        assert_eq!(pruned["path"], format!("spec.servers[0].tls.{name}"));
        assert_eq!((&pruned["line"], &pruned["column"]), (&12.into(), &7.into()));
        let would = server["if_not_pruned"].to_string();
        assert!(would.contains(effect), "{field}: {would}");
        // Reported once.
        assert!(!server["dropped"].to_string().contains(name), "{server}");
    }
}

#[test]
fn a_field_that_loses_its_effect_is_weaker_and_listed() {
    for (field, reason) in [
        ("subject_alt_names: [only.me]", "subject_alt_names"),
        ("subjectAltName: [only.me]", "subjectAltName"),
    ] {
        let (was, is) = (gateway("subjectAltNames: [only.me]"), gateway(field));
        assert_eq!(compared(&was, &is)["weaker"], 1);
        let files = Directory::new(&[]);
        let (old, new) = (files.write("old.yaml", &was), files.write("new.yaml", &is));
        let Ran { status, out, err } = run(&["--diff", "--fail-on", "weaker", &old, &new], "");
        assert_eq!((status, err.as_str()), (1, ""), "{out}");
        let text = joined(&out);
        for sentence in [
            "The API server drops these fields of the new edge (",
            &format!(
                "Changed: tls.subjectAltNames (line 12 -> unset; the new file has {reason} in line \
                 12, which the API server drops)"
            ),
            "Weaker - without a required SAN rejected -> in, verified",
            "1 weaker, 0 stronger, 0 different",
        ] {
            assert!(text.contains(sentence), "{sentence}\nis not in\n{text}");
        }
    }
}

#[test]
fn fields_outside_of_servers_are_reported() {
    let input = gateway("").replace("  servers:", "  server:");
    let found = report(&[], &input);
    assert_eq!(found["servers"], json!([]));
    let fields = &found["pruned"][0]["fields"];
    assert_eq!(fields[0]["path"], "spec.server");
    assert_eq!(fields[0]["help"], "did you mean \"servers\"?");
    for format in ["text", "html"] {
        let text = prints(&["--format", format, "-"], &input);
        assert!(
            text.contains("Dropped by the API server") && text.contains("spec.server"),
            "{text}"
        );
    }
}

#[test]
fn unknown_fields_of_metadata_are_reported() {
    let metadata = "metadata: {name: edge, label: {a: b}, ownerReferences: [{apiVersion: v1, kind: A, name: \
                    b, uid: u, blockOwner: true}]}";
    let input = gateway("").replace("metadata: {name: edge}", metadata);
    let found = report(&[], &input);
    let fields = &found["pruned"][0]["fields"];
    assert_eq!(fields[0]["path"], "metadata.label");
    assert_eq!(fields[0]["help"], "did you mean \"labels\"?");
    assert_eq!((&fields[0]["line"], &fields[0]["column"]), (&3.into(), &24.into()));
    assert_eq!(fields[1]["path"], "metadata.ownerReferences[0].blockOwner");
    let ran = run(&["-"], &input);
    assert!(ran.out.contains("metadata.label"), "{}", ran.out);
}

fn servers(servers: &[&str]) -> String {
    let head = gateway("").split("  - port").next().unwrap().to_owned();
    head + &servers.concat()
}

const STRICT: &str = "  - port: {number: 443, name: a, protocol: HTTPS}\n    hosts: [x.test]\n    \
                      tls: {mode: MUTUAL, credentialName: c}\n";
const LAX: &str = "  - port: {number: 443, name: b, protocol: HTTPS}\n    hosts: [y.test, x.test]\n    \
                   tls: {mode: SIMPLE, credentialName: c}\n";
const OTHER: &str = "  - port: {number: 443, name: c, protocol: HTTPS}\n    hosts: [z.test]\n    tls: \
                     {mode: SIMPLE, credentialName: c}\n";
const REFUSED: &str = "  - port: {number: 443, name: d, protocol: HTTPS}\n    hosts: [w.test]\n    tls: \
                       {mode: SIMPLE, credentialName: c, subjectAltNames: [a]}\n";

fn who(found: &Value, server: usize) -> &str {
    found["servers"][server]["answer"]["accepted_clients"].as_str().unwrap()
}

#[test]
fn a_server_that_istiod_skips_is_reported() {
    let found = report(&[], &servers(&[STRICT, LAX]));
    assert!(who(&found, 0).starts_with("Only clients that present"), "{found}");
    assert_eq!(
        who(&found, 1),
        "No client by this server: istiod leaves it out, since spec.servers[0] has hosts[1] \
         too, on the same port and address."
    );
    assert_eq!(found["servers"][1]["clients"][0]["outcome"], "rejected");
}

#[test]
fn a_listener_that_envoy_rejects_has_no_clients() {
    let found = report(&[], &servers(&[OTHER, REFUSED]));
    let rejected = "No client: Envoy rejects the listener";
    let running = "A running gateway keeps its previous listener";
    assert!(
        who(&found, 0).starts_with(&format!(
            "{rejected} of this port and address because of spec.servers[1]."
        ))
    );
    assert!(who(&found, 1).starts_with(rejected) && who(&found, 1).contains(running), "{found}");
    // An invalid pin of a possible length affects only its own server.
    let pin = STRICT.replace(
        "credentialName: c",
        &format!("credentialName: c, verifyCertificateHash: [{}]", "z".repeat(64)),
    );
    let found = report(&[], &servers(&[OTHER, &pin]));
    assert!(who(&found, 0).starts_with("Every client"), "{found}");
    assert!(who(&found, 1).starts_with("No client: Envoy rejects the server's secrets"), "{found}");
}

#[test]
fn a_rejected_listener_changes_nothing() {
    let diff = compared(&servers(&[STRICT, OTHER]), &servers(&[OTHER, REFUSED]));
    assert_eq!((&diff["weaker"], &diff["stronger"]), (&0.into(), &0.into()), "{diff}");
    for server in diff["servers"].as_array().unwrap() {
        assert_eq!(server["differences"][0]["id"], "listener-rejected", "{diff}");
    }
}

#[test]
fn a_ca_in_a_configmap_is_called_one() {
    let text = joined(&prints(&["-"], &gateway("caCertCredentialName: configmap://ns/ca-cacert")));
    assert!(text.contains("the CA in the ConfigMap ns/ca"), "{text}");
    let input = gateway("").replace("credentialName: c", "credentialName: configmap://ns/c");
    let text = joined(&prints(&["-"], &input));
    assert!(text.contains("the ConfigMap ns/c") && !text.contains("secret configmap"), "{text}");
}
