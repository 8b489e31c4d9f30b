//! TCP backends: each answers which one it is and what arrives.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Result;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// What the backend with this index answers.
pub fn answer(backend: usize, is_tls: bool) -> String {
    let what = if is_tls { "TLS" } else { "no TLS" };
    format!("backend {backend} gets {what}\n")
}

/// The index of the backend that answered this.
pub fn number(answer: &str) -> Option<usize> {
    answer.strip_prefix("backend ")?.split(' ').next()?.parse().ok()
}

/// Starts this many backends, which run until the process exits.
pub async fn start(count: usize) -> Result<Vec<SocketAddr>> {
    let mut addresses = Vec::new();
    for service in 0..count {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        addresses.push(listener.local_addr()?);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // The client closed the connection.
                tokio::spawn(async move { drop(serve(stream, service).await) });
            }
        });
    }
    Ok(addresses)
}

async fn serve(mut stream: TcpStream, service: usize) -> Result<()> {
    let mut received = [0; 4096];
    let mut count = stream.read(&mut received).await?;
    let is_tls = received.first() == Some(&0x16);
    if count > 0 {
        stream.write_all(answer(service, is_tls).as_bytes()).await?;
    }
    while count > 0 {
        count = stream.read(&mut received).await?;
    }
    Ok(())
}
