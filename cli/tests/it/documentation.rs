//! The output shown in the documentation is the command's.

use std::{fs, path::Path};

use crate::start::{Directory, Ran, root};

/// The files that the shown commands read.
fn files() -> Directory {
    let files = Directory::new(&[]);
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    for entry in fs::read_dir(root().join("tests/manifests/mistakes")).unwrap() {
        let entry = entry.unwrap();
        files.write(entry.file_name().to_str().unwrap(), read(&entry.path()));
    }
    for example in ["examples/gateway.yaml", "examples/gateway_api.yaml"] {
        files.write(example, read(&root().join(example)));
    }
    for name in ["admin.yaml", "shop.yaml", "routes.yaml"] {
        let path = format!("reachability/{name}");
        let text = read(&root().join("examples").join(&path));
        // With the client check of the administration, there is no bypass.
        let closed = text.replace(
            "mode: SIMPLE, credentialName: shop-cert",
            "mode: MUTUAL, credentialName: admin-cert",
        );
        files.write(&format!("closed/{name}"), closed);
        files.write(&path, text);
    }
    for name in ["client/gateway.yaml", "client/ca.yaml"] {
        files.write(name, read(&root().join("examples").join(name)));
    }
    let certificates = root().join("tests/it/client_certificates");
    files.write("web.pem", read(&certificates.join("client.pem")));
    files.write("leaf.pem", read(&certificates.join("leaf.pem")));
    let gateway = read(&root().join("examples/gateway.yaml"));
    let verifying = gateway.lines().filter(|line| !line.contains("insecureSkipVerify"));
    files.write("old.yaml", verifying.map(|line| format!("{line}\n")).collect::<String>());
    files.write("edge.yaml", gateway.replace("OPTIONAL_MUTUAL", "MUTAL"));
    files
}

/// The output of a shown command: standard error if standard output is redirected.
fn printed(files: &Directory, command: &str) -> String {
    let (command, redirected) = match command.split_once(" > ") {
        Some((command, _)) => (command, true),
        None => (command, false),
    };
    let args = command.strip_prefix("$ istio-gateway ").unwrap();
    let Ran { out, err, .. } = files.run(&args.split(' ').collect::<Vec<_>>());
    if redirected { err } else { out + &err }
}

/// `ISTIO_GATEWAY_UPDATE=1` updates the documentation. `...` at the end stands for the rest of the
/// output.
#[test]
fn screens_show_the_real_output() {
    let files = files();
    let documents = [
        ("README.md", 3),
        ("docs/check.md", 5),
        ("docs/convert.md", 1),
        ("docs/explain.md", 2),
        ("docs/gateway-api.md", 1),
        ("docs/mistakes.md", 20),
        ("docs/reachability.md", 1),
    ];
    for (document, least) in documents {
        let path = root().join(document);
        let text = fs::read_to_string(&path).unwrap();
        let mut true_text = String::new();
        let mut lines = text.lines();
        let mut screens = 0;
        while let Some(line) = lines.next() {
            true_text += &format!("{line}\n");
            if line != "```console" {
                continue;
            }
            let command = lines.next().unwrap();
            let shown: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
            let printed = printed(&files, command);
            let printed: Vec<_> = printed.trim_end().lines().collect();
            assert!(!printed.is_empty(), "{command}");
            let printed = match shown.split_last() {
                Some((end, beginning)) if end.trim() == "..." => {
                    let (first, rest) = printed.split_at(beginning.len());
                    assert!(!rest.is_empty(), "{command}: all of it is shown");
                    [first, &[*end]].concat()
                }
                _ => printed,
            };
            true_text += &format!("{command}\n{}\n```\n", printed.join("\n"));
            screens += 1;
        }
        assert!(screens >= least, "{document}: {screens}");
        if std::env::var_os("ISTIO_GATEWAY_UPDATE").is_some() {
            fs::write(&path, true_text).unwrap();
        } else {
            assert!(text == true_text, "{document} is not what the command prints");
        }
    }
}
