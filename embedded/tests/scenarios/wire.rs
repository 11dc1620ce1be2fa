//! One request in the wire format, because librdkafka never sends a commit that it knows to be stale.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::client::LIMIT;

pub(crate) const NONE: i16 = 0;
pub(crate) const ILLEGAL_GENERATION: i16 = 22;
pub(crate) const UNKNOWN_MEMBER: i16 = 25;

/// Who commits.
pub(crate) struct Member<'a> {
    pub group: &'a str,
    pub id: &'a str,
    pub generation: i32,
}

/// Commits `offset` for partition 0 of `topic` (OffsetCommit, version 2) and returns the broker's error code.
pub(crate) fn commit(bootstrap: &str, member: &Member<'_>, topic: &str, offset: i64) -> i16 {
    let mut request = Vec::new();
    request.extend(8_i16.to_be_bytes());
    request.extend(2_i16.to_be_bytes());
    request.extend(1_i32.to_be_bytes());
    string(&mut request, "scenario");
    string(&mut request, member.group);
    request.extend(member.generation.to_be_bytes());
    string(&mut request, member.id);
    request.extend((-1_i64).to_be_bytes());
    request.extend(1_i32.to_be_bytes());
    string(&mut request, topic);
    request.extend(1_i32.to_be_bytes());
    request.extend(0_i32.to_be_bytes());
    request.extend(offset.to_be_bytes());
    request.extend((-1_i16).to_be_bytes());

    let mut stream = TcpStream::connect(bootstrap).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.write_all(&i32::try_from(request.len()).unwrap().to_be_bytes()).unwrap();
    stream.write_all(&request).unwrap();
    let mut length = [0; 4];
    stream.read_exact(&mut length).unwrap();
    let mut response = vec![0; usize::try_from(i32::from_be_bytes(length)).unwrap()];
    stream.read_exact(&mut response).unwrap();
    // One topic with one partition: the error code is what the answer ends with.
    let [.., high, low] = response.as_slice() else { panic!("short answer") };
    i16::from_be_bytes([*high, *low])
}

fn string(request: &mut Vec<u8>, text: &str) {
    request.extend(i16::try_from(text.len()).unwrap().to_be_bytes());
    request.extend(text.as_bytes());
}
