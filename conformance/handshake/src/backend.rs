//! A backend that responds with the headers that it received.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    thread,
};

use anyhow::Result;
use serde_json::json;

/// The header that clients spoof and the backend reads.
pub(crate) const FORWARDED: &str = "x-forwarded-client-cert";
/// Envoy's view of the client's certificate. A filter sets it, so clients cannot.
pub(crate) const PEER: &str = "x-lab-peer";

/// An HTTP/1.1 server on a loopback port. It runs until the process exits.
pub(crate) struct Backend {
    pub(crate) address: SocketAddr,
}

impl Backend {
    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || {
                    // Envoy closed the connection.
                    let _ = answer(&stream);
                });
            }
        });
        Ok(Self { address })
    }
}

fn answer(stream: &TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    // A certificate's name in a header may not be UTF-8.
    let lines = BufReader::new(stream).split(b'\n');
    let mut lines = lines.map(|line| {
        line.map(|line| String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned())
    });
    loop {
        let (mut peer, mut forwarded) = (None, Vec::new());
        // The request line, then headers up to an empty line. No request here has a body.
        let Some(_) = lines.next().transpose()? else { return Ok(()) };
        for line in lines.by_ref() {
            let line = line?;
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':') {
                match name.to_ascii_lowercase().as_str() {
                    FORWARDED => forwarded.push(value.trim().to_owned()),
                    PEER => peer = Some(value.trim().to_owned()),
                    _ => {}
                }
            }
        }
        let body = json!({"peer": peer, "forwarded": forwarded}).to_string();
        let length = body.len();
        write!(&mut &*stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}")?;
    }
}
