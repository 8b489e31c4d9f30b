//! `tests/golden/handshake.json`: what another Envoy did with the same clients and listeners.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context as _, Result};
use istio_gateway::client_certificate::XfccHeader;
use serde_json::Value;

use crate::Outcome;

use super::cell::Cell;

pub(super) struct Golden {
    all: Value,
    /// The compared listeners: the library does not cover RBAC.
    listeners: BTreeMap<String, Value>,
}

/// The compared cells: listener and client.
pub(super) type Met = BTreeSet<(String, String)>;

impl Golden {
    pub(super) fn read() -> Result<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/handshake.json");
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let mut all: Value = serde_json::from_str(&text)?;
        let listeners = all["listeners"].as_array_mut().context("no listeners")?;
        let listeners = listeners.drain(..).filter(|listener| listener["group"] != "rbac");
        let named = |listener: Value| Some((listener["name"].as_str()?.to_owned(), listener));
        let listeners = listeners.map(named).collect::<Option<_>>();
        Ok(Self { listeners: listeners.context("a listener without a name")?, all })
    }

    /// Rejected listeners, and Envoy's messages.
    pub(super) fn refused(&self) -> impl Iterator<Item = (&str, &str)> {
        let groups = self.all["rejected_listeners"].as_array().into_iter().flatten();
        groups.flat_map(|group| {
            let listeners = group["listeners"].as_array().into_iter().flatten();
            listeners.filter_map(|name| Some((name.as_str()?, group["reason"].as_str()?)))
        })
    }

    /// How many of its cells were compared, and how many it has.
    pub(super) fn count(&self, met: &Met) -> (usize, usize) {
        let cells = self.listeners.values().filter_map(|listener| listener["results"].as_object());
        (met.len(), cells.map(serde_json::Map::len).sum())
    }

    /// The differences of its cells of these listeners from this one.
    pub(super) fn wrong(
        &self,
        listeners: &[String],
        client: &str,
        cell: &Cell<'_>,
        met: &mut Met,
    ) -> Vec<String> {
        let mut wrong = Vec::new();
        for name in listeners {
            let Some(golden) = self.listeners.get(name) else { continue };
            let Some(index) = golden["results"][client].as_u64() else { continue };
            let wanted = &self.all["cells"][usize::try_from(index).unwrap_or(usize::MAX)];
            met.insert((name.clone(), client.to_owned()));
            let outcome = match cell.outcome() {
                Outcome::Refused => "fatal",
                Outcome::Anonymous => "accept-nocert",
                Outcome::Verified => "accept-validated",
                Outcome::Unverified => "accept-unvalidated",
                Outcome::Unavailable => "unavailable",
            };
            let has_header = cell.header.is_some_and(|seen| seen != XfccHeader::Absent);
            let forged = cell.header_beside_forged.map(golden_header);
            if wanted["outcome"] != outcome
                || wanted["xfcc"] != has_header
                || wanted["forged"].as_str() != forged
            {
                wrong.push(format!("handshake.json {name}: {wanted}"));
            }
        }
        wrong
    }
}

/// The golden file's name for what the backend sees.
fn golden_header(header: XfccHeader) -> &'static str {
    match header {
        XfccHeader::GatewaySet => "own",
        XfccHeader::ClientSupplied => "forged",
        XfccHeader::ClientSuppliedAndGatewaySet => "forged+own",
        other => other.id(),
    }
}
