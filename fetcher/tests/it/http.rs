//! The HTTP client against servers that misbehave.

use std::time::Duration;

use leakward_fetcher::http::{Address, HttpClient, HttpError, Limits, Method, Request, TlsSettings};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A server that answers every connection with `answer`, piece by piece, then closes it.
async fn server(pieces: Vec<(&'static [u8], Duration)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let pieces = pieces.clone();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                for (bytes, pause) in pieces {
                    if stream.write_all(bytes).await.is_err() {
                        return;
                    }
                    tokio::time::sleep(pause).await;
                }
            });
        }
    });
    address
}

async fn get(address: &str, limits: Limits) -> Result<(u16, Vec<u8>), HttpError> {
    let client = HttpClient::new(Address::parse(address).unwrap(), &TlsSettings::default(), limits).unwrap();
    let response = client.send(&Request::new(Method::Get, "/x".to_owned())).await?;
    Ok((response.status, response.body.filled().to_vec()))
}

async fn answer(bytes: &'static [u8]) -> Result<(u16, Vec<u8>), HttpError> {
    get(&server(vec![(bytes, Duration::ZERO)]).await, Limits::default()).await
}

#[tokio::test]
async fn bodies_come_by_length_by_chunks_and_by_the_end() {
    let whole = Ok((200, b"hello".to_vec()));
    let same = |got: Result<(u16, Vec<u8>), HttpError>| {
        assert_eq!(got.ok(), whole.as_ref().ok().cloned().map(|w: (u16, Vec<u8>)| w))
    };
    let _: &Result<(u16, Vec<u8>), ()> = &whole;
    same(answer(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await);
    same(
        answer(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n")
            .await,
    );
    same(answer(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello").await);
    same(answer(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await);
}

#[tokio::test]
async fn broken_answers_are_named() {
    assert!(matches!(
        answer(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello").await,
        Err(HttpError::Cut)
    ));
    assert!(matches!(answer(b"").await, Err(HttpError::NoAnswer | HttpError::Io(_))));
    assert!(matches!(answer(b"SSH-2.0-OpenSSH\r\n\r\n").await, Err(HttpError::Malformed)));
    assert!(matches!(
        answer(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n").await,
        Err(HttpError::TooLarge)
    ));
    let two = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello";
    assert!(matches!(answer(two).await, Err(HttpError::Malformed)));
    let chunk = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n";
    assert!(matches!(answer(chunk).await, Err(HttpError::TooLarge | HttpError::Malformed)));
}

#[tokio::test]
async fn a_server_that_dribbles_is_cut_off() {
    let head: &'static [u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n";
    let mut pieces = vec![(head, Duration::ZERO)];
    pieces.extend((0..100).map(|_| (&b"x"[..], Duration::from_millis(50))));
    let limits = Limits { attempt: Duration::from_millis(300), ..Limits::default() };
    assert!(matches!(get(&server(pieces).await, limits).await, Err(HttpError::Late)));
}

#[tokio::test]
async fn nobody_home_is_told_at_once() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refused = get(&format!("http://{free}"), Limits::default()).await;
    assert!(matches!(refused, Err(HttpError::Connect(_))));
}

#[tokio::test]
async fn a_header_cannot_smuggle_a_second_one() {
    let client = HttpClient::new(
        Address::parse("http://127.0.0.1:1").unwrap(),
        &TlsSettings::default(),
        Limits::default(),
    );
    let client = client.unwrap();
    let request = Request::new(Method::Get, "/".to_owned()).header("x-vault-token", b"a\r\nx: y");
    assert!(matches!(client.send(&request).await, Err(HttpError::Header)));
}

#[tokio::test]
async fn a_server_that_dribbles_its_head_is_cut_off() {
    let mut pieces = vec![(&b"HTTP/1.1 200 OK\r\nx: "[..], Duration::ZERO)];
    pieces.extend((0..100).map(|_| (&b"x"[..], Duration::from_millis(50))));
    let limits = Limits { attempt: Duration::from_millis(300), ..Limits::default() };
    assert!(matches!(get(&server(pieces).await, limits).await, Err(HttpError::Late)));
}

#[tokio::test]
async fn a_head_that_never_ends_is_too_large() {
    let line: &'static [u8] = b"x-more-and-more: 0123456789012345678901234567890123456789\r\n";
    let mut pieces = vec![(&b"HTTP/1.1 200 OK\r\n"[..], Duration::ZERO)];
    pieces.extend((0..20_000).map(|_| (line, Duration::ZERO)));
    let got = get(&server(pieces).await, Limits::default()).await;
    assert!(matches!(got, Err(HttpError::TooLarge | HttpError::Malformed)), "{got:?}");
}
