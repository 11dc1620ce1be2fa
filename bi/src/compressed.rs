//! Compressed blocks, ClickHouse's own way of sending less (`compress=1`): JDBC drivers ask for them unless configured otherwise.

use axum::body::Bytes;
use cityhash_rs::cityhash_102_128;

/// The method LZ4.
const LZ4: u8 = 0x82;
/// Bytes of a block's head: its method and both sizes.
const HEAD: usize = 9;
/// Most bytes of one block before they are compressed.
const MOST: usize = 1024 * 1024;

/// A piece of a result, as blocks of their own.
pub(crate) fn compressed(piece: &Bytes) -> Bytes {
    piece.chunks(MOST).flat_map(block).collect()
}

fn block(piece: &[u8]) -> Vec<u8> {
    let values = lz4_flex::block::compress(piece);
    let sizes = [HEAD + values.len(), piece.len()].map(|size| u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes());
    let mut block = vec![LZ4];
    sizes.iter().for_each(|size| block.extend(size));
    block.extend(values);
    let hash = cityhash_102_128(&block);
    let halves = [(hash >> 64) as u64, hash as u64];
    halves.iter().flat_map(|half| half.to_le_bytes()).chain(block).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_say_their_sizes() {
        let piece = vec![b'a'; MOST + 10];
        let blocks = compressed(&Bytes::from(piece));
        let size = |at: usize| u32::from_le_bytes(blocks[at..at + 4].try_into().unwrap()) as usize;
        assert_eq!((blocks[16], size(21)), (LZ4, MOST));
        let second = 16 + size(17);
        assert_eq!((blocks[second + 16], size(second + 21)), (LZ4, 10));
        assert_eq!(blocks.len(), second + 16 + size(second + 17));
        let values = &blocks[second + 16 + HEAD..];
        assert_eq!(lz4_flex::block::decompress(values, 10).unwrap(), vec![b'a'; 10]);
        assert!(compressed(&Bytes::new()).is_empty());
    }
}
