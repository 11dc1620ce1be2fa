//! Nisshi's services behind a listener of ours: its own prints what it does, and knows its storage by address alone.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use nisshi_broker::coordinator::group::administrator::{Controller, GroupCoordinatorConfig};
use nisshi_broker::service::services;
use nisshi_storage::{BrokerRegistrationRequest, Storage, StorageContainer};
use nisshi_storage_sql::LiteEngineFactory;
use rama::Service as _;
use rama::extensions::Extensions;
use rama::tcp::TcpStream;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};
use url::Url;
use uuid::Uuid;

use super::front::Front;

const NODE: i32 = 1;
/// As often as Nisshi's own listener does.
const RETENTION_EVERY: Duration = Duration::from_secs(600);
const TRANSACTIONS_EVERY: Duration = Duration::from_secs(10);
/// Wait after an accept that failed, as it does while there are no files left.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Opens the database at `storage` and serves until aborted. Returns why it could not.
pub(super) async fn serve(
    listener: std::net::TcpListener,
    cluster: &str,
    storage: Url,
    ready: oneshot::Sender<()>,
) -> Result<std::convert::Infallible, Box<dyn std::error::Error + Send + Sync>> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let mut engines = StorageContainer::builder();
    engines.with_factory(Arc::new(LiteEngineFactory));
    let storage = engines
        .cluster_id(cluster)
        .node_id(NODE)
        .advertised_listener(Url::parse(&format!("tcp://{}", listener.local_addr()?))?)
        .storage(storage)
        .silent(true)
        .build()
        .await?;
    let storage = Arc::new(Front::new(storage));
    let incarnation_id = Uuid::now_v7();
    let us = BrokerRegistrationRequest { broker_id: NODE, cluster_id: cluster.to_owned(), incarnation_id, rack: None };
    storage.register_broker(us).await?;
    // One process on one machine: nobody else is about to join, so the first member need not wait.
    let coordination = GroupCoordinatorConfig { initial_rebalance_delay: Duration::ZERO, ..Default::default() };
    let groups = Controller::new(Arc::clone(&storage), coordination);

    // Who has gone meanwhile asks for nothing any more.
    let _ = ready.send(());
    let mut tasks = JoinSet::new();
    tasks.spawn(look_after(Arc::clone(&storage)));
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    // Who has hung up by now is noticed when it is read from.
                    let _ = stream.set_nodelay(true);
                    let service = services(cluster, groups.clone(), Arc::clone(&storage), None)?;
                    tasks.spawn(async move {
                        let stream = TcpStream::from_tokio_tcp_stream(stream, Extensions::default());
                        if let Err(error) = service.serve(stream).await {
                            tracing::debug!(%error, "a connection to the embedded broker ended");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the embedded broker can't accept a connection");
                    sleep(ACCEPT_AGAIN).await;
                }
            },
            Some(_) = tasks.join_next() => {}
        }
    }
}

/// Ends what retention has ended, and transactions that nobody ends.
async fn look_after(storage: Arc<Front>) {
    let (mut retention, mut transactions) = (interval(RETENTION_EVERY), interval(TRANSACTIONS_EVERY));
    retention.set_missed_tick_behavior(MissedTickBehavior::Delay);
    transactions.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let done = tokio::select! {
            _ = retention.tick() => storage.maintain(SystemTime::now()).await,
            _ = transactions.tick() => storage.maintain_transactions(SystemTime::now()).await,
        };
        if let Err(error) = done {
            tracing::warn!(%error, "retention or transactions of the embedded broker could not be ended");
        }
    }
}
