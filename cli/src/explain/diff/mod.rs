//! Which clients gain or lose access by a change of manifests.

mod changes;
mod difference;
mod fields;
mod host_matching;
mod markdown;
mod opened;
mod pair;
mod terminal;
mod tls_changes;

use std::path::PathBuf;

use istio_gateway::{client_certificate::Forwarding, envoy::Options};
use serde::Serialize;

pub(super) use self::{
    difference::{Difference, State},
    fields::ChangedField,
    host_matching::what_differs,
    markdown::markdown,
    terminal::{NOT_COMPARED, UNKNOWN, changed_fields, places, sentence, text, title},
};
use self::{
    opened::SideWhole,
    pair::{Pair, Stored},
};
use super::{
    MANY,
    answer::{self, Answer},
    server::PortOf,
    terminal::{MOST_TOLD, gateway_name},
};
use crate::{
    Failure,
    files::name_of,
    gateways::{Finding, read_set},
    input::Reading,
    text::shown,
};

/// Two files or directories, compared.
#[derive(Serialize)]
pub(super) struct Diff {
    pub(super) istio: String,
    pub(super) forwarding: &'static str,
    pub(super) old: String,
    pub(super) new: String,
    pub(super) weaker: usize,
    pub(super) stronger: usize,
    pub(super) different: usize,
    /// How many servers are as they were.
    pub(super) unchanged: usize,
    /// What could not be read: with it, the comparison is incomplete.
    pub(super) unread: Vec<Unread>,
    /// The Gateways that only one side has, where they may be in what could not be read of the other.
    pub(super) not_compared: Vec<GatewayOf>,
    /// Gateways that a cluster rejects.
    pub(super) rejected: Vec<RejectedGateway>,
    /// Gateways of which a side has more than one.
    pub(super) repeated: Vec<Repeated>,
    /// Fields that the API server drops.
    pub(super) pruned: Vec<Pruned>,
    /// Servers that istiod leaves out, and that are compared with none.
    pub(super) skipped: Vec<Skipped>,
    /// Servers that are not compared, since they depend on placeholders.
    pub(super) unknown: Vec<UnknownServer>,
    pub(super) servers: Vec<ServerDiff>,
}

/// What could not be read of a side.
#[derive(Serialize)]
pub(super) struct Unread {
    /// `old` or `new`.
    pub(super) which: &'static str,
    /// The first problems, with their positions.
    pub(super) problems: Vec<String>,
}

impl Unread {
    /// A sentence for people.
    pub(super) fn sentence(&self) -> String {
        let (which, other) = match self.which {
            "old" => ("old", "new"),
            _ => ("new", "old"),
        };
        format!(
            "The comparison is incomplete: the {which} side could not be read in full. A Gateway that \
             only the {other} side has may be in what was not read, so that it is not compared."
        )
    }
}

/// A Gateway of one of the sides.
#[derive(Clone, Serialize)]
pub(super) struct GatewayOf {
    /// `old` or `new`.
    pub(super) which: &'static str,
    pub(super) file: String,
    pub(super) namespace: String,
    pub(super) gateway: String,
}

impl GatewayOf {
    /// `new ingress/edge (edge.yaml)`
    pub(super) fn name(&self) -> String {
        let Self { which, file, namespace, gateway } = self;
        format!("{which} {} ({})", gateway_name(namespace, gateway), shown(file))
    }
}

/// A Gateway of which a side has more than one: the last one counts.
#[derive(Serialize)]
pub(super) struct Repeated {
    #[serde(flatten)]
    pub(super) of: GatewayOf,
    pub(super) count: usize,
}

impl Repeated {
    /// A sentence for people.
    pub(super) fn sentence(&self) -> String {
        let Self { of, count } = self;
        let GatewayOf { which, namespace, gateway, .. } = of;
        let name = gateway_name(namespace, gateway);
        format!(
            "The {which} side has {count} Gateways {name}. The one that is applied last counts, so \
             that only the last one is compared."
        )
    }
}

/// A server that istiod leaves out.
#[derive(Serialize)]
pub(super) struct Skipped {
    #[serde(flatten)]
    pub(super) of: GatewayOf,
    pub(super) server: usize,
    pub(super) reason: String,
}

impl Skipped {
    /// A sentence for people.
    pub(super) fn sentence(&self) -> String {
        let Self { of, server, reason } = self;
        format!("istiod leaves out spec.servers[{server}] of the {}: {reason}.", of.name())
    }
}

/// A server that depends on placeholders, so that the comparison is incomplete.
#[derive(Serialize)]
pub(super) struct UnknownServer {
    #[serde(flatten)]
    pub(super) of: GatewayOf,
    pub(super) line: Option<usize>,
    pub(super) server: usize,
    /// `$C at spec.servers[0].tls.ecdhCurves[0], line 12`
    pub(super) depends_on: String,
}

impl UnknownServer {
    fn of(pair: &Pair<'_>) -> Option<Self> {
        let depends_on = pair.depends_on.clone()?;
        let side = pair.new.as_ref().or(pair.old.as_ref())?;
        let (of, line) = (side.gateway.of.clone(), side.line);
        Some(Self { of, line, server: side.index, depends_on })
    }

    /// A sentence for people.
    pub(super) fn sentence(&self) -> String {
        let Self { of, server, depends_on, .. } = self;
        format!(
            "spec.servers[{server}] of the {} is not compared: it depends on {depends_on}",
            of.name()
        )
    }
}

/// What the API server drops of a Gateway.
#[derive(Serialize)]
pub(super) struct Pruned {
    #[serde(flatten)]
    pub(super) of: GatewayOf,
    pub(super) fields: Vec<Finding>,
}

impl Pruned {
    pub(super) fn title(&self) -> String {
        format!("The API server drops these fields of the {}, without effect", self.of.name())
    }
}

/// A Gateway that a cluster rejects.
#[derive(Serialize)]
pub(super) struct RejectedGateway {
    #[serde(flatten)]
    pub(super) of: GatewayOf,
    pub(super) reasons: Vec<Finding>,
}

impl RejectedGateway {
    pub(super) fn title(&self) -> String {
        let name = self.of.name();
        match self.of.which {
            "new" => format!(
                "A cluster rejects the {name}, so that nothing changes in it. The differences below \
                 are those that it would make if it were accepted."
            ),
            _ => format!("A cluster rejects the {name}: it is hardly what runs now."),
        }
    }
}

/// A server that is not as it was.
#[derive(Serialize)]
pub(super) struct ServerDiff {
    /// `added`, `removed`, `changed` or `not-compared`.
    pub(super) status: &'static str,
    pub(super) namespace: String,
    pub(super) gateway: String,
    pub(super) old: Option<Place>,
    pub(super) new: Option<Place>,
    /// The fields that are not as they were.
    pub(super) fields: Vec<ChangedField>,
    pub(super) differences: Vec<Difference>,
}

/// Where a server is, and what it is called.
#[derive(Clone, Serialize)]
pub(super) struct Place {
    pub(super) file: String,
    pub(super) line: Option<usize>,
    pub(super) server: usize,
    pub(super) name: String,
    pub(super) port: PortOf,
    pub(super) hosts: Vec<String>,
    pub(super) answer: Answer,
}

impl Diff {
    pub(super) fn of(
        [old, new]: [&PathBuf; 2],
        options: &Options,
        forwarding: Forwarding,
        reading: &mut Reading,
    ) -> Result<Self, Failure> {
        let (mut unread, mut repeated) = (Vec::new(), Vec::new());
        let mut read = |which, path: &PathBuf| -> Result<_, Failure> {
            let mut of_side = Reading::of_silent_command();
            let (found, services) = read_set(std::slice::from_ref(path), &mut of_side, None)?;
            let misspelt = std::mem::take(&mut of_side.others.misspelt);
            of_side.leave_out(&misspelt);
            let is_complete = of_side.is_complete();
            if !is_complete {
                unread.push(Unread { which, problems: of_side.problems.clone() });
            }
            reading.extend(of_side);
            let (kept, counts) = pair::last_of_each(found);
            let stored = |found| Stored::of(found, which, options);
            let gateways: Vec<Stored> = kept.into_iter().map(stored).collect();
            repeated.extend(counts.into_iter().filter_map(|(at, count)| {
                Some(Repeated { of: gateways.get(at)?.of.clone(), count })
            }));
            Ok((gateways, services, is_complete))
        };
        let (before, old_services, is_old_complete) = read("old", old)?;
        let (after, new_services, is_new_complete) = read("new", new)?;
        let unnamed = pair::find_unknown_name(&before, &after);
        if let Some((which, problem)) = unnamed.clone() {
            reading.incomplete(std::slice::from_ref(&problem));
            unread.push(Unread { which, problems: vec![problem] });
        }
        let (is_old_complete, is_new_complete) =
            (is_old_complete && unnamed.is_none(), is_new_complete && unnamed.is_none());
        let is_complete = is_old_complete && is_new_complete;
        let count = before.len() + after.len();
        if count >= MANY {
            reading.progress.announce(|| format!("comparing {count} Gateways"));
        }
        let (mut rejected, mut pruned, mut skipped) = (Vec::new(), Vec::new(), Vec::new());
        for gateway in before.iter().chain(&after) {
            let Stored { of, manifest, judgement, .. } = gateway;
            if !judgement.refusals.is_empty() {
                let reasons = Finding::of(&judgement.refusals, manifest);
                rejected.push(RejectedGateway { of: of.clone(), reasons });
            }
            if !judgement.pruned.is_empty() {
                let fields = Finding::of(&judgement.pruned, manifest);
                pruned.push(Pruned { of: of.clone(), fields });
            }
            skipped.extend(gateway.skipped().map(|(server, reason)| Skipped {
                of: of.clone(),
                server,
                reason: reason.to_string(),
            }));
        }
        let mut unchanged = 0;
        let mut servers = Vec::new();
        let mut changed = Vec::new();
        let (pairs, not_compared) =
            pair::pair_servers(&before, &after, [is_old_complete, is_new_complete]);
        let caught = host_matching::match_hosts(&pairs, options);
        let (old_whole, new_whole) = (
            SideWhole::new(&before, &old_services, options),
            SideWhole::new(&after, &new_services, options),
        );
        let omitted = old_whole.omitted() + new_whole.omitted();
        if omitted > 0 {
            let line = format!(
                "the Gateways are too many to merge for {omitted} of their selectors: new paths to their hosts \
                 are not known"
            );
            reading.incomplete(&[line]);
        }
        let opened = opened::find_opened(&pairs, &old_whole, &new_whole);
        let unknown: Vec<_> = pairs.iter().filter_map(UnknownServer::of).collect();
        let sentences: Vec<_> =
            unknown.iter().take(MOST_TOLD).map(UnknownServer::sentence).collect();
        if !sentences.is_empty() {
            reading.incomplete(&sentences);
        }
        // A host that is gone here may be one of another server's placeholders.
        let is_placed = |pair: &Pair<'_>| !pair.has_unknown_hosts();
        let is_complete = is_complete && unknown.is_empty() && pairs.iter().all(is_placed);
        for ((pair, caught), opened) in pairs.iter().zip(caught).zip(opened) {
            let mut differences = changes::find_differences(pair, caught, options, is_complete);
            changes::add_opened(pair, opened, is_complete, &mut differences);
            if differences.is_empty() {
                unchanged += usize::from(pair.is_compared && pair.depends_on.is_none());
            } else {
                servers.push(server_diff(pair, differences, options, forwarding));
                changed.push(pair);
            }
        }
        for (server, fields) in servers.iter_mut().zip(fields::find_changed_fields(&changed)) {
            server.fields = fields;
        }
        let count = |id| {
            let differences = servers.iter().flat_map(|server| &server.differences);
            differences.filter(|difference| difference.effect == id).count()
        };
        Ok(Self {
            istio: options.istio.to_string(),
            forwarding: forwarding.as_str(),
            old: name_of(old),
            new: name_of(new),
            weaker: count("weaker"),
            stronger: count("stronger"),
            different: count("different"),
            unchanged,
            unread,
            not_compared,
            rejected,
            repeated,
            pruned,
            skipped,
            unknown,
            servers,
        })
    }
}

fn server_diff(
    pair: &Pair<'_>,
    differences: Vec<Difference>,
    options: &Options,
    forwarding: Forwarding,
) -> ServerDiff {
    let place = |side: &pair::Side<'_>| Place {
        file: side.gateway.of.file.clone(),
        line: side.line,
        server: side.index,
        name: side.server.name.clone(),
        port: PortOf::of(side.server, side.scope()),
        hosts: side.server.hosts.clone(),
        answer: match side.unknown() {
            Some(unknown) => Answer::unknown(unknown),
            None => answer::answer(&side.behavior(options), forwarding, false),
        },
    };
    ServerDiff {
        status: match (&pair.old, &pair.new) {
            _ if !pair.is_compared || pair.depends_on.is_some() => "not-compared",
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        },
        namespace: pair.namespace.to_owned(),
        gateway: pair.gateway.to_owned(),
        old: pair.old.as_ref().map(place),
        new: pair.new.as_ref().map(place),
        fields: Vec::new(),
        differences,
    }
}
