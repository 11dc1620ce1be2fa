//! Records of a topic that are read once more, by their offsets: rows are all that a batch keeps of them.

use anyhow::Result;
use rdkafka::message::{BorrowedMessage, Message as _};
use runtime::config::Kafka;
use runtime::kafka::Reader;

/// Further apart than this, the reader jumps instead of reading what lies between.
const FAR: i64 = 5_000;

/// Hands over each of `offsets` (ascending) that the topic's partition still has.
///
/// # Errors
/// When Kafka can't be read; try again.
pub(crate) fn reread(
    kafka: &Kafka,
    topic: &str,
    partition: i32,
    offsets: &[i64],
    mut found: impl FnMut(&BorrowedMessage<'_>),
) -> Result<()> {
    let reader = Reader::new(kafka, topic, "usertrail-record-reader")?;
    let there = reader.bounds(partition)?;
    let wanted: Vec<i64> = offsets.iter().copied().filter(|offset| there.contains(offset)).collect();
    for stretch in wanted.chunk_by(|one, next| next - one <= FAR) {
        let (Some(first), Some(last)) = (stretch.first(), stretch.last()) else { continue };
        reader.read(partition, *first..last + 1, |record| {
            if stretch.binary_search(&record.offset()).is_ok() {
                found(record);
            }
            anyhow::Ok(())
        })?;
    }
    Ok(())
}
