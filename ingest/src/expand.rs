//! Decompression, bounded: the result is produced piece by piece, and a bomb is refused where it passes the bound.

use std::io::{self, Read};

use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use runtime::memory::Reservation;
use runtime::problem::Problem;

/// Produced at a time, in bytes.
const PIECE: usize = 64 * 1024;
/// Largest window of zstd that is accepted, as a power of two: the 8 MiB that RFC 8878 asks every decoder for.
const ZSTD_WINDOW_LOG: u32 = 23;

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
    Zstd,
}

impl Encoding {
    /// Reads `Content-Encoding`.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
        let (first, more) = (encodings.next(), encodings.next());
        let encoding = match first.map(|value| value.to_str().unwrap_or_default().trim().to_ascii_lowercase()) {
            None => Some(Self::Identity),
            Some(name) => match name.as_str() {
                "" | "identity" => Some(Self::Identity),
                "gzip" | "x-gzip" => Some(Self::Gzip),
                "zstd" => Some(Self::Zstd),
                _ => None,
            },
        };
        encoding.filter(|_| more.is_none()).ok_or_else(|| {
            Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_encoding",
                "a body may be compressed with gzip or zstd, once",
            )
            .with_pointer("Content-Encoding")
        })
    }

    /// Its name in metrics.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

/// The body as it was before it was compressed, `max` bytes at most.
pub(crate) fn expand(
    body: Bytes,
    encoding: Encoding,
    max: usize,
    reservation: &mut Reservation,
) -> Result<Bytes, Problem> {
    match encoding {
        Encoding::Identity if body.len() > max => Err(too_large(max)),
        Encoding::Identity => Ok(body),
        Encoding::Gzip => pieces(flate2::bufread::MultiGzDecoder::new(&*body), max, reservation),
        Encoding::Zstd => {
            let decoder = zstd::stream::read::Decoder::with_buffer(&*body).and_then(|mut decoder| {
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                Ok(decoder)
            });
            pieces(decoder.map_err(|error| malformed(&error))?, max, reservation)
        }
    }
}

fn pieces(mut from: impl Read, max: usize, reservation: &mut Reservation) -> Result<Bytes, Problem> {
    let mut whole = Vec::new();
    loop {
        // One byte beyond the bound distinguishes a body that fills it from one that passes it.
        let room = PIECE.min(max + 1 - whole.len());
        let read = from.by_ref().take(room as u64).read_to_end(&mut whole).map_err(|error| malformed(&error))?;
        if whole.len() > max {
            return Err(too_large(max));
        }
        reservation.take(read)?;
        if read < room {
            return Ok(Bytes::from(whole));
        }
    }
}

fn malformed(error: &io::Error) -> Problem {
    Problem::bad_request("malformed_body", format!("the body can't be decompressed: {error}"))
}

fn too_large(max: usize) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "expanded_too_large",
        format!("a body may have {max} bytes after decompression; send fewer events at a time"),
    )
    .with_member("limit", max)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use proptest::prelude::*;
    use runtime::memory::MemoryBudget;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn run(body: Vec<u8>, encoding: Encoding, max: usize, budget: usize) -> Result<Vec<u8>, (u16, &'static str)> {
        let mut reservation = MemoryBudget::new(budget).reservation("acme", "key");
        expand(body.into(), encoding, max, &mut reservation)
            .map(|bytes| bytes.to_vec())
            .map_err(|problem| (problem.status().as_u16(), problem.code()))
    }

    /// P1: gzip and zstd, the bound to the byte.
    #[test]
    fn what_fits_passes_and_one_byte_more_does_not() {
        for size in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE] {
            let plain = vec![b'x'; size];
            for (encoding, packed) in
                [(Encoding::Gzip, gzip(&plain)), (Encoding::Zstd, zstd::encode_all(&*plain, 3).unwrap())]
            {
                assert_eq!(run(packed.clone(), encoding, size, 1 << 20), Ok(plain.clone()), "{encoding:?} {size}");
                if size > 0 {
                    let refused = run(packed, encoding, size - 1, 1 << 20);
                    assert_eq!(refused, Err((413, "expanded_too_large")), "{encoding:?} {size}");
                }
            }
        }
    }

    /// P1: a bomb costs its bound, not its size.
    #[test]
    fn bombs_are_refused_at_the_bound() {
        let zeros = vec![0; 64 << 20];
        for (encoding, bomb) in
            [(Encoding::Gzip, gzip(&zeros)), (Encoding::Zstd, zstd::encode_all(&*zeros, 3).unwrap())]
        {
            assert!(bomb.len() < 1 << 20);
            assert_eq!(run(bomb.clone(), encoding, 1 << 20, 4 << 20), Err((413, "expanded_too_large")));
            assert_eq!(run(bomb, encoding, 1 << 30, 2 << 20), Err((503, "busy")));
        }
    }

    #[test]
    fn a_window_beyond_the_common_one_is_refused() {
        let mut encoder = zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(27).unwrap();
        encoder.write_all(&[7; 100]).unwrap();
        assert_eq!(run(encoder.finish().unwrap(), Encoding::Zstd, 1000, 3000), Err((400, "malformed_body")));
    }

    #[test]
    fn damaged_bodies_are_told() {
        let plain = b"{}".repeat(1000);
        for (encoding, packed) in
            [(Encoding::Gzip, gzip(&plain)), (Encoding::Zstd, zstd::encode_all(&*plain, 3).unwrap())]
        {
            let cut = packed[..packed.len() - 3].to_vec();
            assert_eq!(run(cut, encoding, 1 << 20, 1 << 20), Err((400, "malformed_body")), "{encoding:?}");
            assert_eq!(run(b"plain".to_vec(), encoding, 100, 100), Err((400, "malformed_body")), "{encoding:?}");
        }
    }

    #[test]
    fn encodings_are_read_from_the_header() {
        let of =
            |value: &str| Encoding::of(&HeaderMap::from_iter([(header::CONTENT_ENCODING, value.parse().unwrap())]));
        assert_eq!(of("GZIP").unwrap(), Encoding::Gzip);
        assert_eq!(of("zstd").unwrap(), Encoding::Zstd);
        assert_eq!(of("identity").unwrap(), Encoding::Identity);
        assert_eq!(Encoding::of(&HeaderMap::new()).unwrap(), Encoding::Identity);
        for other in ["br", "gzip, gzip", "deflate"] {
            assert_eq!(of(other).unwrap_err().status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            for encoding in [Encoding::Gzip, Encoding::Zstd] {
                let _ = run(bytes.clone(), encoding, 1000, 1000);
            }
        }
    }
}
