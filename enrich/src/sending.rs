//! Records on their way to Kafka, many at once, and what becomes of those that it does not take.

use std::future::Future;

use futures::future::join_all;
use rdkafka::error::KafkaError;
use runtime::retry_action::RetryAction;

/// Records on their way at once: what the client's queue holds with ease.
const AT_ONCE: usize = 10_000;

/// What became of records that were sent together. Those in neither list are acknowledged.
#[derive(Debug)]
pub(crate) struct Sent<'a, T> {
    /// Those to be sent again; with the last error.
    pub(crate) again: Vec<&'a T>,
    pub(crate) error: Option<KafkaError>,
    /// Those that will never be taken, with the reason.
    pub(crate) rejected: Vec<(&'a T, &'static str)>,
}

/// Sends records, in their order, and waits until Kafka has answered for each.
///
/// A broker refuses a batch as a whole: what is refused among others is sent once more, each by itself.
///
/// # Errors
/// One that holds for whatever is sent ([`RetryAction::Fatal`]).
pub(crate) async fn send_together<'a, T, F>(
    records: &[&'a T],
    send: impl Fn(&'a T) -> F,
) -> Result<Sent<'a, T>, KafkaError>
where
    F: Future<Output = Result<(), KafkaError>>,
{
    let mut sent = Sent { again: Vec::new(), error: None, rejected: Vec::new() };
    let mut suspects = Vec::new();
    for some in records.chunks(AT_ONCE) {
        let attempts: Vec<F> = some.iter().map(|record| send(record)).collect();
        for (&record, outcome) in some.iter().zip(join_all(attempts).await) {
            sent.sort(record, outcome, records.len(), &mut suspects)?;
        }
    }
    for record in suspects {
        let outcome = send(record).await;
        sent.sort(record, outcome, 1, &mut Vec::new())?;
    }
    Ok(sent)
}

impl<'a, T> Sent<'a, T> {
    fn sort(
        &mut self,
        record: &'a T,
        outcome: Result<(), KafkaError>,
        together: usize,
        suspects: &mut Vec<&'a T>,
    ) -> Result<(), KafkaError> {
        let Err(error) = outcome else { return Ok(()) };
        match RetryAction::of_kafka(&error, together) {
            RetryAction::Retry => {
                self.again.push(record);
                self.error = Some(error);
            }
            RetryAction::Split => suspects.push(record),
            RetryAction::Reject(reason) => self.rejected.push((record, reason)),
            RetryAction::Fatal => return Err(error),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use rdkafka::error::RDKafkaErrorCode as Code;

    use super::*;

    /// A1: one record too large among others costs itself alone; a passing error costs a retry; a fatal one ends it.
    #[tokio::test]
    async fn each_record_has_its_own_outcome() {
        let calls = RefCell::new(0);
        let answer = |code: Code| Err(KafkaError::MessageProduction(code));
        let records = ["fine", "large", "late", "beside"];
        let all: Vec<&&str> = records.iter().collect();
        let sent = send_together(&all, |record: &&str| {
            *calls.borrow_mut() += 1;
            let first = *calls.borrow() <= records.len();
            std::future::ready(match *record {
                "large" => answer(Code::MessageSizeTooLarge),
                // In one batch with it.
                "beside" if first => answer(Code::MessageSizeTooLarge),
                "late" => answer(Code::MessageTimedOut),
                _ => Ok(()),
            })
        });
        let sent = sent.await.unwrap();
        assert_eq!(sent.rejected, [(&"large", "too_large")]);
        assert_eq!(sent.again, [&"late"]);
        assert!(sent.error.is_some());
        assert_eq!(calls.into_inner(), 6);

        let fatal = send_together(&all, |_| std::future::ready(answer(Code::TopicAuthorizationFailed)));
        assert!(fatal.await.is_err());
    }
}
