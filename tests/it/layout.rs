//! Edits of awkward texts: only the edited parts change.

use istio_gateway::{
    Document, Gateway, Manifest, RewriteReason, Server, ServerTlsSettings, documents,
    stream::{DocumentText, split_documents},
};

const TEXT: &str = "\
# The edge.
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge} # named so
spec:
  selector:
    istio: ingress # the pods
  servers:
  # first
  - name: a # a name
    hosts:
    - 'a.example.com' # of A
    - b.example.com
    tls: {mode: SIMPLE, credentialName: c}   # flow
    new: 1
  # second
  - hosts: [x, w]
    port:
      number: 0x1bb # 443
      name: \"https\"
# end
";

#[track_caller]
fn edits(edit: impl FnOnce(&mut Gateway), changes: &[(&str, &str)]) {
    let mut manifest = Manifest::from_yaml(TEXT).unwrap();
    edit(manifest.spec_mut());
    let want = changes.iter().fold(TEXT.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "{old}");
        text.replacen(old, new, 1)
    });
    assert_eq!(manifest.to_yaml(), want);
    assert_eq!(Manifest::from_yaml(&want).unwrap().spec(), manifest.spec());
}

#[test]
fn a_scalar_is_replaced_in_place() {
    edits(|g| g.servers[0].name = "yes".into(), &[("name: a #", "name: \"yes\" #")]);
    edits(|g| g.servers[1].port.as_mut().unwrap().number = 8443, &[("0x1bb", "8443")]);
    edits(
        |g| g.servers[0].tls.as_mut().unwrap().credential_name = "d".into(),
        &[("credentialName: c", "credentialName: d")],
    );
    edits(
        |g| drop(g.selector.insert("istio".into(), "egress".into())),
        &[("istio: ingress", "istio: egress")],
    );
}

#[test]
fn a_field_is_added_after_the_others() {
    edits(
        |g| g.servers[0].bind = "::".into(),
        &[("    new: 1\n", "    new: 1\n    bind: \"::\"\n")],
    );
    edits(
        |g| drop(g.selector.insert("app".into(), "x".into())),
        &[("# the pods\n", "# the pods\n    app: x\n")],
    );
    edits(
        |g| g.servers[1].tls = Some(ServerTlsSettings::simple("e")),
        &[("\"https\"\n", "\"https\"\n    tls:\n      mode: SIMPLE\n      credentialName: e\n")],
    );
    edits(
        |g| g.servers[0].tls.as_mut().unwrap().insecure_skip_verify = Some(true),
        &[(
            "{mode: SIMPLE, credentialName: c}",
            "{mode: SIMPLE, credentialName: c, insecureSkipVerify: true}",
        )],
    );
}

#[test]
fn a_field_is_removed_with_its_line() {
    edits(|g| g.servers[0].name.clear(), &[("name: a # a name\n    ", "")]);
    edits(|g| g.servers[1].port.as_mut().unwrap().name.clear(), &[("      name: \"https\"\n", "")]);
    edits(
        |g| g.servers[0].tls = None,
        &[("    tls: {mode: SIMPLE, credentialName: c}   # flow\n", "")],
    );
    edits(
        |g| g.servers[0].hosts.clear(),
        &[("    hosts:\n    - 'a.example.com' # of A\n    - b.example.com\n", "")],
    );
}

/// The result of `edit` in `text`, verified to have the requested values and the layout.
#[track_caller]
fn becomes(text: &str, edit: impl FnOnce(&mut Gateway), want: &str) {
    let mut manifest = Manifest::from_yaml(text).unwrap();
    edit(manifest.spec_mut());
    let written = manifest.write();
    assert_eq!(written.text, want);
    assert_eq!(written.rewritten, None);
    assert_eq!(Manifest::from_yaml(want).unwrap().spec(), manifest.spec());
}

#[test]
fn items_move_with_their_comments() {
    let (first, second) = TEXT.split_once("  # second\n").unwrap();
    let (head, first) = first.split_once("  # first\n").unwrap();
    let second = second.strip_suffix("# end\n").unwrap();
    becomes(
        TEXT,
        |g| g.servers.swap(0, 1),
        &format!("{head}  # second\n{second}  # first\n{first}# end\n"),
    );
    edits(
        |g| g.servers.insert(1, Server { name: "n".into(), ..Default::default() }),
        &[("  # second\n", "  - name: \"n\"\n  # second\n")],
    );
    becomes(TEXT, |g| drop(g.servers.remove(0)), &format!("{head}  # second\n{second}# end\n"));
    edits(|g| drop(g.servers[0].hosts.remove(0)), &[("    - 'a.example.com' # of A\n", "")]);
    edits(|g| g.servers[0].hosts[0] = "c".into(), &[("'a.example.com'", "c")]);
    edits(
        |g| g.servers[0].hosts.push("c".into()),
        &[("    - b.example.com\n", "    - b.example.com\n    - c\n")],
    );
    edits(|g| g.servers[1].hosts.push("z".into()), &[("[x, w]", "[x, w, z]")]);
}

#[test]
fn an_item_owns_the_comments_around_it_and_no_others() {
    let a = "  # above a\n  - name: a # at a\n    hosts: [a]\n    # in a\n";
    let b = "  # above b\n  - name: b # at b\n    hosts:\n    - b\n    # - c\n  # below b\n";
    let text = |items: &[&str]| {
        format!(
            "spec:\n  servers: # all\n{}\n  # Of none.\n\n  selector: {{}} # s\n",
            items.join("\n  # ---\n\n")
        )
    };
    becomes(&text(&[a, b]), |g| g.servers.swap(0, 1), &text(&[b, a]));
    let want = text(&[a, b]).replace(a, "");
    becomes(&text(&[a, b]), |g| drop(g.servers.remove(0)), &want);
    let want = text(&[a, b]).replace(b, "");
    becomes(&text(&[a, b]), |g| drop(g.servers.remove(1)), &want);
}

#[test]
fn blank_lines_between_items_stay_between_items() {
    let text = "spec:\n  servers:\n  - name: a\n\n  - name: b\n\n  - name: c\nx: 1\n";
    let server = |name: &str| Server { name: name.into(), ..Default::default() };
    becomes(text, |g| drop(g.servers.remove(1)), &text.replace("  - name: b\n\n", ""));
    becomes(text, |g| drop(g.servers.remove(2)), &text.replace("\n  - name: c\n", ""));
    becomes(text, |g| g.servers.truncate(1), &text.replace("\n  - name: b\n\n  - name: c\n", ""));
    becomes(text, |g| g.servers.push(server("dd")), &text.replace("x: 1", "\n  - name: dd\nx: 1"));
    becomes(
        text,
        |g| g.servers.insert(0, server("dd")),
        &text.replace("  - name: a", "  - name: dd\n\n  - name: a"),
    );
}

#[test]
fn items_of_a_flow_list_keep_their_comments() {
    let text = "\
spec:
  servers:
  - hosts: [ # the hosts
      a, # of a
      # above b
      'b',
      c # of c
      # the end
    ] # all
";
    let hosts = |hosts: &'static [&str]| {
        move |g: &mut Gateway| g.servers[0].hosts = hosts.iter().map(|h| (*h).to_owned()).collect()
    };
    becomes(text, hosts(&["a", "x", "c"]), &text.replace("'b'", "x"));
    becomes(text, hosts(&["a", "b"]), &text.replace("'b',\n      c # of c", "'b'"));
    becomes(text, hosts(&["b", "c"]), &text.replace("      a, # of a\n", ""));
    becomes(text, hosts(&["a", "b", "c", "d"]), &text.replace("c # of c", "c, # of c\n      d"));
    becomes(
        text,
        hosts(&["c", "b", "a"]),
        &text
            .replace("      a, # of a\n", "      c, # of c\n")
            .replace("      c # of c\n", "      a # of a\n"),
    );
    let text = "spec: {servers: [{hosts: [a, \"b\", c], name: x}]} # c\n";
    becomes(text, hosts(&["c", "a"]), &text.replace("a, \"b\", c", "c, a"));
    becomes(text, hosts(&["a", "b", "c", "d"]), &text.replace(", c]", ", c, d]"));
}

#[test]
fn entries_of_a_flow_map_keep_their_comments() {
    let text = "\
spec:
  servers:
  - tls: {
      # the mode
      mode: SIMPLE, # simple
      credentialName: c, # the secret
    }
";
    let tls = |edit: fn(&mut ServerTlsSettings)| {
        move |g: &mut Gateway| edit(g.servers[0].tls.as_mut().unwrap())
    };
    becomes(text, tls(|tls| tls.mode = 2), &text.replace("SIMPLE", "MUTUAL"));
    becomes(
        text,
        tls(|tls| tls.credential_name.clear()),
        &text.replace("      credentialName: c, # the secret\n", ""),
    );
    becomes(
        text,
        tls(|tls| tls.subject_alt_names = vec!["spiffe".into()]),
        &text.replace("the secret\n", "the secret\n      subjectAltNames: [\"spiffe\"],\n"),
    );
}

#[test]
fn a_key_keeps_its_spelling_and_position() {
    let text = "spec:\n  servers:\n  - default_endpoint: e # of e\n    tls:\n      credential_name: c # of c\n      mode: SIMPLE\n";
    becomes(
        text,
        |g| g.servers[0].tls.as_mut().unwrap().credential_name = "d".into(),
        &text.replace("name: c", "name: d"),
    );
    becomes(text, |g| g.servers[0].default_endpoint = "f".into(), &text.replace(": e", ": f"));
    // camelCase has precedence, in any order.
    let text = "spec:\n  servers:\n  - defaultEndpoint: e # 1\n    default_endpoint: f # 2\n";
    becomes(text, |g| g.servers[0].default_endpoint = "g".into(), &text.replace(": e", ": g"));
    let text =
        "spec:\n  servers:\n  - default_endpoint: f # 2\n    defaultEndpoint: e # 1\n    name: a\n";
    becomes(text, |g| g.servers[0].default_endpoint = "g".into(), &text.replace(": e", ": g"));
    becomes(text, |g| g.servers[0].default_endpoint.clear(), "spec:\n  servers:\n  - name: a\n");
}

#[test]
fn the_comment_after_a_key_stays_with_it() {
    let text = "spec:\n  selector: # the pods\n    # one\n    a: b\n  servers:\n  - name: |- # long\n      a\n      b\n    hosts: [x]\n";
    becomes(
        text,
        |g| g.servers[0].name = "c".into(),
        &text.replace("|- # long\n      a\n      b\n", "c # long\n"),
    );
    becomes(
        text,
        |g| g.servers[0].name.clear(),
        &text.replace("name: |- # long\n      a\n      b\n    ", ""),
    );
    let text = "spec:\n  servers:\n  - name: a # n\n    # the hosts\n    hosts: [x]\n";
    becomes(text, |g| g.servers[0].name.clear(), &text.replace(" name: a # n", ""));
}

#[test]
fn a_file_keeps_its_line_breaks() {
    let text = TEXT.replace('\n', "\r\n");
    let add = |g: &mut Gateway| {
        g.servers[0].bind = "::".into();
        g.servers.push(Server { hosts: vec!["h".into()], ..Default::default() });
        drop(g.selector.insert("app".into(), "x".into()));
    };
    let want = TEXT
        .replace("    new: 1\n", "    new: 1\n    bind: \"::\"\n")
        .replace("# the pods\n", "# the pods\n    app: x\n")
        .replace("# end", "  - hosts:\n    - h\n# end")
        .replace('\n', "\r\n");
    becomes(&text, add, &want);
    let text =
        "x: &a {mode: SIMPLE, credentialName: c}\r\nspec: {servers: [{tls: {<<: *a}}]} # c\r\n";
    let mut manifest = Manifest::from_yaml(text).unwrap();
    manifest.spec_mut().servers[0].tls.as_mut().unwrap().mode = 0;
    let written = manifest.write();
    assert_eq!(written.rewritten, Some(RewriteReason::MergeKey));
    assert!(!written.text.replace("\r\n", "").contains('\n'));
}

#[test]
fn a_block_scalar_at_the_end_keeps_its_value() {
    let text = "spec:\n  servers:\n  - hosts: [a] # h\n    name: |\n      x";
    let want = "spec:\n  servers:\n  - hosts: [a] # h\n    name: |-\n      x\n    bind: b\n";
    becomes(text, |g| g.servers[0].bind = "b".into(), want);
    // The text before it has no effect.
    becomes(text, |g| g.servers[0].hosts[0] = "b".into(), &text.replace("[a]", "[b]"));
    let text = "spec: # s\n  servers:\n  - name: nn\nx: |+\n  x\n";
    becomes(text, |g| g.servers[0].name = "m".into(), &text.replace(": nn", ": m"));
    let text = "spec:\n  servers:\n  - name: |+\n      x\n\n  - name: b\n";
    becomes(
        text,
        |g| g.servers.swap(0, 1),
        "spec:\n  servers:\n  - name: b\n  - name: |+\n      x\n\n",
    );
}

#[test]
fn an_alias_whose_value_changes_gets_a_value_of_its_own() {
    let text = "x: &a {mode: SIMPLE} # x\nspec: {servers: [{tls: *a}, {tls: *a}]} # c\n";
    becomes(
        text,
        |g| g.servers[0].tls.as_mut().unwrap().mode = 2,
        &text.replacen("*a", "{mode: MUTUAL}", 1),
    );
    let text = "x: &a {mode: SIMPLE}\nspec:\n  servers:\n  - tls: {<<: *a} # c\n  - {<<: [*a], name: nn} # d\n";
    becomes(
        text,
        |g| g.servers[0].tls.as_mut().unwrap().mode = 2,
        &text.replace("{<<: *a}", "{<<: *a, mode: MUTUAL}"),
    );
    becomes(text, |g| g.servers[1].name = "m".into(), &text.replace("name: nn", "name: m"));
}

#[test]
fn a_repeated_key_is_changed_where_it_is_effective() {
    let text = "spec:\n  servers:\n  - name: a # 1\n    hosts: [x]\n    name: b # 2\n";
    becomes(text, |g| g.servers[0].name = "c".into(), &text.replace(": b", ": c"));
    becomes(text, |g| g.servers[0].name.clear(), "spec:\n  servers:\n  - hosts: [x]\n");
}

/// Go decodes `SPEC` and then `spec` into the same message.
#[test]
fn two_specs_are_one_after_a_change() {
    let text = "SPEC:\n  selector: {a: b} # S\nspec: # s\n  servers:\n  - name: nn # n\n";
    becomes(text, |_| {}, text);
    let mut manifest = Manifest::from_yaml(text).unwrap();
    assert_eq!((manifest.spec().selector.len(), manifest.spec().servers.len()), (1, 1));
    manifest.spec_mut().servers[0].name = "m".into();
    let want = "spec: # s\n  servers:\n  - name: m # n\n  selector:\n    a: b\n";
    assert_eq!(manifest.write().text, want);
    manifest.spec_mut().selector.clear();
    assert_eq!(manifest.write().text, "spec: # s\n  servers:\n  - name: m # n\n");
    for text in
        ["SPEC: {selector: {a: b}}\nspec: null\n", "spec: {selector: {a: b}}\n\u{17f}pec: {}\n"]
    {
        let mut manifest = Manifest::from_yaml(text).unwrap();
        assert_eq!(manifest.to_yaml(), text);
        manifest.spec_mut().selector.insert("c".into(), "d".into());
        assert_eq!(Manifest::from_yaml(&manifest.to_yaml()).unwrap().spec(), manifest.spec());
    }
}

#[test]
fn what_cannot_be_patched_is_rewritten_and_reported() {
    for (text, edit, reason) in [
        (
            "x: &a {mode: SIMPLE, credentialName: c}\nspec: {servers: [{tls: {<<: *a}}]} # c\n",
            (|g| g.servers[0].tls.as_mut().unwrap().mode = 0) as fn(&mut Gateway),
            RewriteReason::MergeKey,
        ),
        (
            "spec: {servers: [{tls: &a {mode: SIMPLE}}, {tls: *a}]} # c\n",
            |g| g.servers[0].tls.as_mut().unwrap().mode = 2,
            RewriteReason::Anchor,
        ),
        (
            "spec: {servers: [name: a]} # c\n",
            |g| g.servers[0].bind = "b".into(),
            RewriteReason::Layout,
        ),
    ] {
        let mut manifest = Manifest::from_yaml(text).unwrap();
        edit(manifest.spec_mut());
        let written = manifest.write();
        assert_eq!(written.rewritten, Some(reason), "{text}");
        assert_eq!(Manifest::from_yaml(&written.text).unwrap().spec(), manifest.spec());
        assert!(!written.text.contains('#'));
    }
    let json = Manifest::from_json("{}").unwrap().write();
    assert_eq!(json.rewritten, Some(RewriteReason::NotYaml));
}

#[test]
fn a_document_of_comments_keeps_them() {
    becomes(
        "# nothing",
        |g| drop(g.selector.insert("a".into(), "b".into())),
        "# nothing\nspec:\n  selector:\n    a: b\n",
    );
}

/// found.md C.9: the text as it was read is another thing, `object()`.
#[test]
fn a_document_is_written_with_its_changes() {
    let text = "kind: Gateway # k\nspec: {selector: {a: b}} # s\n";
    let mut document = documents(text).next().unwrap().unwrap();
    let Document::Gateway(manifest) = &mut document else { panic!() };
    manifest.spec_mut().selector.insert("a".into(), "c".into());
    assert_eq!(document.to_yaml(), "kind: Gateway # k\nspec: {selector: {a: c}} # s\n");
    assert_eq!(document.to_json(), r#"{"kind":"Gateway","spec":{"selector":{"a":"c"}}}"#);
    assert_eq!(document.object().to_yaml(), text);
}

/// found.md C.11: only the first document of a stream begins with a separator of its own.
#[test]
fn a_separator_is_between_documents() {
    for (stream, count) in [
        ("a: 1\n---\nb: 2\n", 2),
        ("---\na: 1\n--- # c\nb: 2\n---\n# end\n", 3),
        ("a: 1\r\n---\r\nb: 2\r\n", 2),
    ] {
        let parts: Vec<_> = split_documents(stream).map(Result::unwrap).collect();
        let all =
            parts.iter().flat_map(|part| [&*part.separator, &*part.bytes]).collect::<Vec<_>>();
        assert_eq!(String::from_utf8(all.concat()).unwrap(), stream);
        let is_separated = |part: &DocumentText<'_>| part.bytes.starts_with(b"---");
        assert_eq!(
            (parts.len(), parts.iter().skip(1).any(is_separated)),
            (count, false),
            "{stream}"
        );
    }
}

#[test]
fn metadata_is_changed_in_the_text() {
    let set = |text: &str| {
        let mut manifest = Manifest::from_yaml(text).unwrap();
        manifest.set_label("app.io/name", Some("no"));
        manifest.set_annotation("gone", None);
        manifest.set_namespace("infra");
        let written = manifest.write();
        assert_eq!(manifest.namespace(), "infra");
        assert_eq!(manifest.object().labels()["app.io/name"], "no");
        (written.text, written.rewritten)
    };
    let same = |text: &str, want: &str| assert_eq!(set(text), (want.to_owned(), None));
    same(
        "# edge\nmetadata:\n  annotations:\n    gone: x # why\n    kept: y # z\n",
        "# edge\nmetadata:\n  annotations:\n    kept: y # z\n  labels:\n    app.io/name: \"no\"\n  namespace: infra\n",
    );
    same(
        "Metadata: {labels: {app.io/name: yes}, namespace: old} # m\r\nspec: {}\r\n",
        "Metadata: {labels: {app.io/name: \"no\"}, namespace: infra} # m\r\nspec: {}\r\n",
    );
    same(
        "metadata:\nspec: {}\n",
        "metadata: {labels: {app.io/name: \"no\"}, namespace: infra}\nspec: {}\n",
    );
    same(
        "spec: {}\n",
        "spec: {}\nmetadata:\n  labels:\n    app.io/name: \"no\"\n  namespace: infra\n",
    );
    // The alias still needs the old labels.
    let (text, rewritten) = set("metadata:\n  labels: &l {app.io/name: x}\nx: *l # c\n");
    assert_eq!(rewritten, Some(RewriteReason::Anchor));
    assert!(text.contains("x:\n  app.io/name: x\n"), "{text}");
}

#[test]
fn a_change_of_metadata_and_of_the_spec_are_both_written() {
    let mut manifest = Manifest::from_yaml(
        "metadata: {name: a} # m\nspec:\n  servers:\n  - name: s # n\n    new: 1\n",
    )
    .unwrap();
    manifest.spec_mut().servers[0].name = "t".into();
    manifest.set_name("b");
    manifest.set_namespace("");
    let want = "metadata: {name: b} # m\nspec:\n  servers:\n  - name: t # n\n    new: 1\n";
    assert_eq!(manifest.to_yaml(), want);
    let value = serde_json::to_value(&manifest).unwrap();
    assert_eq!(
        value.to_string(),
        serde_json::from_str::<serde_json::Value>(&manifest.to_json()).unwrap().to_string()
    );
    let again = Manifest::try_from(value).unwrap();
    assert_eq!((again.name(), again.spec()), ("b", manifest.spec()));

    let mut new = Manifest::new("a", manifest.into_spec());
    new.set_annotation("k", Some("v"));
    new.set_namespace("infra");
    assert!(new.to_yaml().starts_with(
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata:\n  name: a\n  annotations:\n    k: v\n  namespace: infra\n"
    ));
}
