//! The commands of bypasses, as a person would paste them into a shell.

use std::process::Command;

use anyhow::{Context as _, Result};
use istio_gateway::merged_gateway::{Bypass, ChainAction};

use crate::{config, plan::Workload};

/// How many commands of a phase are executed.
const MOST: usize = 60;

/// What became of the commands.
#[derive(Default)]
pub struct Commands {
    pub executed: usize,
    /// The commands that did not reach the routes, with what they printed.
    pub wrong: Vec<String>,
    /// Those that must not reach them, and how many did not.
    pub on_purpose: (usize, usize),
}

impl Commands {
    /// Executes commands of bypasses for which no certificate is needed: of as many workloads as possible.
    pub fn execute(
        &mut self,
        network: u8,
        phase: usize,
        workloads: &[Workload],
        bypasses: &[[Vec<Bypass>; 2]],
    ) -> Result<()> {
        let mut count = 0;
        for (workload, bypasses) in workloads.iter().zip(bypasses) {
            let revision = &workload.revisions[phase];
            let gateways = revision.gateways();
            let accepts = |server| {
                let policy = revision.merged.client_certificate_policy(server, &gateways);
                policy.is_some_and(|policy| policy.decide(None).is_accepted())
            };
            // Others do not get an answer of HTTP.
            let routes_http = |bypass: &&Bypass| {
                let (address, port) = &bypass.listener;
                let listener = revision.merged.listeners.get(&format!("{address}_{port}"));
                let mut chains = listener.iter().flat_map(|listener| &listener.chains);
                chains.any(|chain| {
                    chain.server == bypass.through
                        && matches!(chain.action, ChainAction::Http { .. })
                })
            };
            let mut bypasses = bypasses[phase].iter().filter(routes_http);
            let bypass = bypasses.find(|bypass| accepts(bypass.through));
            let Some(bypass) = bypass.filter(|_| count < MOST) else { continue };
            count += 1;
            let (address, port) = &bypass.listener;
            let listener = revision.merged.listeners.get(&format!("{address}_{port}"));
            let listener = listener.context("a bypass through an unknown listener")?;
            let gateway = config::address(network, workload.number, listener)?;
            let mut bypass = bypass.clone();
            bypass.listener.1 = gateway.port().into();
            let url = format!(":{}/", gateway.port());
            // No VirtualService has the other path.
            let is_wrong_on_purpose = count == 1;
            let path = match is_wrong_on_purpose {
                true => "/nothing".to_owned(),
                false => config::path(bypass.backend),
            };
            let command = bypass.command().replacen(&url, &format!(":{}{path}", gateway.port()), 1);
            let shown = command.replacen("curl ", "curl -sS --max-time 20 ", 1);
            let output = Command::new("sh")
                .args(["-c", &shown])
                .env("GATEWAY", gateway.ip().to_string())
                .output()
                .context("sh")?;
            self.executed += 1;
            let body = String::from_utf8_lossy(&output.stdout);
            let want = bypass.backend.to_string();
            let is_reached = output.status.success() && body == want;
            if is_wrong_on_purpose {
                self.on_purpose.0 += 1;
                self.on_purpose.1 += usize::from(!is_reached);
            } else if !is_reached {
                let error = String::from_utf8_lossy(&output.stderr);
                self.wrong.push(format!(
                    "GATEWAY={} {command}: {body:?} instead of {want:?} {error}",
                    gateway.ip()
                ));
            }
        }
        Ok(())
    }
}
