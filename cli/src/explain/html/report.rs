//! The page of servers.

use std::fmt::Write as _;

use istio_gateway::client_certificate::Forwarding;

use super::{
    Tone, articles, bullets, escaped, header_cell, left_out, list_of, note, outcome_tag, outside,
    page, table, tag, told,
};
use crate::{
    explain::{
        Report,
        server::{Client, Explained},
        terminal::{self, DEPENDS_ON, IF_NOT_PRUNED, PRUNED, alike, gateway_name, place},
        whole,
    },
    text::counted,
};

pub(in crate::explain) fn report(report: &Report, most: usize) -> String {
    let meta = format!(
        "{}, Istio {}, forwarding mode <code>{}</code>",
        counted(report.servers.len(), "server"),
        escaped(&report.istio),
        escaped(report.forwarding),
    );
    let article =
        |i, server: &Explained, html: &mut String| one(i, server, report.forwarding, html);
    let whole = whole::html(&report.whole, if most == usize::MAX { most } else { most / 2 });
    let (articles, shown) = articles(&report.servers, most.saturating_sub(whole.len()), article);
    let (shown, left) = report.servers.split_at_checked(shown).unwrap_or_default();
    let mut body = left_out(left.len(), report.servers.len(), left.iter().map(verdict));
    if shown.len() > 1 {
        body.push_str("<nav aria-label=\"Servers\">\n<ol>\n");
        for (i, server) in shown.iter().enumerate() {
            let (verdict, tone) = verdict(server);
            let _ = writeln!(
                body,
                "<li><a href=\"#server-{i}\">{}</a> {}</li>",
                name(server),
                tag(verdict, tone)
            );
        }
        body.push_str("</ol>\n</nav>\n");
    }
    body.push_str("<main id=\"main\">\n");
    if let Some(client) = &report.client {
        let gateways = whole::of_client(&report.whole).into_iter().map(|(gateway, sentences)| {
            let first: Vec<String> = sentences.iter().take(report.most).cloned().collect();
            let more = sentences.len() - first.len();
            let more = if more > 0 { format!("<p>and {more} more.</p>\n") } else { String::new() };
            format!("<p>{}</p>\n{}{more}", outside(&gateway), bullets(&first))
        });
        note(&outside(&client.title()), &gateways.collect::<String>(), &mut body);
    }
    body.push_str(&whole);
    for pruned in &report.pruned {
        let name = gateway_name(&pruned.namespace, &pruned.gateway);
        let name = format!("{}: Gateway {}", outside(&pruned.file), outside(&name));
        note(&format!("{name}: {PRUNED}"), &told(&pruned.fields), &mut body);
    }
    body.push_str(&articles);
    if report.servers.is_empty() {
        body.push_str("<p>No servers of Gateways found in the input.</p>\n");
    }
    body.push_str("</main>\n");
    page("Which clients does the gateway accept?", &meta, &body)
}

fn name(server: &Explained) -> String {
    let gateway = gateway_name(&server.namespace, &server.gateway);
    let port = format!("{} {}", server.port.number_text(), server.port.protocol);
    format!("{}, port {}", outside(&gateway), outside(&port))
}

/// A server in a few words.
fn verdict(server: &Explained) -> (&'static str, Tone) {
    let has = |outcome: &str| server.clients.iter().any(|client| client.outcome == outcome);
    if !server.rejected.is_empty() {
        return ("rejected by a cluster", Tone::Bad);
    }
    match () {
        () if server.is_unknown => ("unknown", Tone::Warn),
        () if !server.bypasses.is_empty() => ("can be bypassed", Tone::Bad),
        () if has("unverified") => ("unverified accepted", Tone::Bad),
        () if has("redirected") => ("redirected", Tone::Calm),
        () if has("verified") && has("anonymous") => ("verified or none", Tone::Good),
        () if has("verified") => ("verified only", Tone::Good),
        () if server.flow == "http-plain" => ("no TLS", Tone::Warn),
        () if has("anonymous") => ("no certificate requested", Tone::Calm),
        () if has("passthrough") => ("passthrough", Tone::Calm),
        () => ("no client accepted", Tone::Bad),
    }
}

fn one(i: usize, server: &Explained, forwarding: &str, html: &mut String) {
    let (verdict, tone) = verdict(server);
    let _ = write!(
        html,
        "<article id=\"server-{i}\" aria-labelledby=\"title-{i}\">\n<h2 id=\"title-{i}\">{}</h2>\n\
         <p class=\"where\">{}, <code>spec.servers[{}]</code></p>\n\
         <dl>\n<dt>Verdict</dt><dd>{}</dd>\n<dt>Port</dt><dd>{} {}, {}</dd>\n",
        name(server),
        outside(&place(&server.file, server.line)),
        server.server,
        tag(verdict, tone),
        server.port.number_text(),
        outside(&server.port.protocol),
        outside(&server.port.name),
    );
    if !server.name.is_empty() {
        let _ = writeln!(html, "<dt>Name</dt><dd>{}</dd>", outside(&server.name));
    }
    let _ = write!(html, "<dt>Hosts</dt><dd>{}</dd>\n</dl>\n", list_of(&server.hosts, 10));
    if let Some(client) = &server.client {
        note("This client", &bullets(&[terminal::sentence(client)]), html);
    }
    if !server.rejected.is_empty() {
        let title = "A cluster rejects this Gateway: it has no effect";
        note(title, &told(&server.rejected), html);
    }
    if !server.pruned.is_empty() {
        let mut content = told(&server.pruned);
        if !server.if_not_pruned.is_empty() {
            let _ = writeln!(content, "<p>{IF_NOT_PRUNED}</p>");
            content.push_str(&bullets(&server.if_not_pruned));
        }
        note(PRUNED, &content, html);
    }
    let _ = write!(
        html,
        "<section class=\"answer {}\">\n<h3>Which clients are accepted?</h3>\n<p>{}</p>\n\
         <h3>What can the backend trust?</h3>\n<p>{}</p>\n</section>\n",
        tone.class(),
        escaped(&server.answer.accepted_clients),
        escaped(&server.answer.what_can_the_backend_trust),
    );
    if !server.depends_on.is_empty() {
        section(DEPENDS_ON, &told(&server.depends_on), html);
    }
    if !server.does.is_empty() {
        section("What it does", &bullets(&server.does), html);
    }
    if !server.risks.is_empty() {
        let title = "Risks of <code>insecureSkipVerify</code>";
        section(title, &bullets(&server.risks), html);
        section("Still enforced", &bullets(&server.still_enforced), html);
    }
    if !server.dropped.is_empty() {
        section("Dropped, replaced or rejected", &told(&server.dropped), html);
    }
    if server.clients.iter().any(|client| client.outcome != "passthrough") {
        html.push_str(&clients(&server.clients, forwarding));
        if server.clients.iter().any(|client| client.xfcc.values().any(|x| x.header.is_some())) {
            html.push_str(&modes(&server.clients, forwarding));
        }
    }
    html.push_str("</article>\n");
}

fn section(title: &str, content: &str, html: &mut String) {
    let _ = write!(html, "<section>\n<h3>{title}</h3>\n{content}</section>\n");
}

fn clients(clients: &[Client], forwarding: &str) -> String {
    let row = |name: &str, client: &Client| {
        let xfcc = client.xfcc.get(forwarding).copied();
        vec![escaped(name), outcome_tag(client.outcome), header_cell(client.outcome, xfcc)]
    };
    let rows = match alike(clients) {
        Some(client) => vec![row("any, or none", client)],
        None => clients.iter().map(|client| row(client.client, client)).collect(),
    };
    table(
        "Client by client",
        &format!("<code>x-forwarded-client-cert</code> in the mode <code>{forwarding}</code>"),
        &["Client’s certificate", "Outcome", "Header at the backend"],
        &rows,
    )
}

/// The header depends on the mode, and on whether a client presented a certificate that was accepted.
fn modes(clients: &[Client], forwarding: &str) -> String {
    let first = |is_wanted: &dyn Fn(&Client) -> bool| clients.iter().find(|c| is_wanted(c));
    let without = first(&|client| client.outcome == "anonymous");
    let with = first(&|client| matches!(client.outcome, "verified" | "unverified"));
    let mut titles = vec!["Mode"];
    titles.extend(without.map(|_| "Without a certificate"));
    titles.extend(with.map(|_| "With a certificate"));
    let row = |mode: Forwarding| {
        let mut name = format!("<code>{mode}</code>");
        if mode == Forwarding::default() {
            name.push_str("<small>a gateway’s default</small>");
        }
        if mode.as_str() == forwarding {
            name.push_str("<small>in force</small>");
        }
        let mut row = vec![name];
        let cell =
            |client: &Client| header_cell(client.outcome, client.xfcc.get(mode.as_str()).copied());
        row.extend(without.map(cell));
        row.extend(with.map(cell));
        row
    };
    table(
        "The header in each forwarding mode",
        "<code>forwardClientCertDetails</code> of the mesh; of clients that are accepted, verified or not",
        &titles,
        &Forwarding::ALL.map(row),
    )
}
