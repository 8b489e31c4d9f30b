//! Listeners that Envoy must reject.

use anyhow::{Result, ensure};
use istio_gateway::{ServerTlsSettings, TlsMode, client_certificate::Rejection};

use super::{
    super::{Report, golden::Golden},
    Ca, MODES, SKIP, Setup, by_hand, credential, serve, texts,
};
use crate::{Envoy, Gateway, Pki, pki::GOOD_URI};

/// Loads them in Envoy, one by one.
pub(in super::super) fn all(
    pki: &Pki,
    envoy: &Envoy,
    golden: &Golden,
    report: &mut Report,
) -> Result<()> {
    let mut met = Vec::new();
    let mut judge = |name: &str, gateway: &Gateway, rejection: Option<Rejection>| -> Result<()> {
        let words = rejection.map(Rejection::envoy_message);
        let refusal = gateway.refusal(envoy)?;
        if let Some((_, words_then)) = golden.refused().find(|(known, _)| *known == name) {
            met.push(name.to_owned());
            if words != Some(words_then) {
                report.wrong.push(format!("{name}: {words:?}, handshake.json has {words_then}"));
            }
        }
        match (words, refusal) {
            (Some(words), Some(said)) if said.contains(words) => report.refusals += 1,
            (words, said) => {
                report.wrong.push(format!("{name}: Envoy says {said:?}, predicted: {words:?}"));
            }
        }
        Ok(())
    };
    let with_name =
        |name| ServerTlsSettings { subject_alt_names: texts(&[GOOD_URI]), ..credential(name) };
    let simple = Setup::new("SIMPLE_san_istio_cred", &[], with_name("edge-cert"));
    let empty = Setup::new("credential-empty-san", &[], with_name("edge-empty")).ca(Ca::Empty);
    let mut servers = vec![(&simple, TlsMode::Simple, SKIP[0])];
    servers.extend(MODES.iter().flat_map(|&mode| SKIP.map(|skip| (&empty, mode, skip))));
    for (setup, mode, skip) in servers {
        let mut gateway = Gateway::new(pki)?;
        let listener = serve(&mut gateway, pki, setup, mode, skip, None)?;
        let name = if mode == TlsMode::Simple { setup.name } else { &listener.name };
        judge(name, &gateway, listener.policy.rejection())?;
    }
    for (mode, skip, setup) in by_hand::refused(pki)? {
        let mut gateway = Gateway::new(pki)?;
        let listener = by_hand::serve(&mut gateway, &setup, mode, skip)?;
        judge(&listener.name, &gateway, listener.policy.rejection())?;
    }
    for (name, _) in golden.refused() {
        ensure!(met.iter().any(|known| known == name), "{name} of handshake.json is not shown");
    }
    Ok(())
}
