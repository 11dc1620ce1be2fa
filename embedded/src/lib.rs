//! The two outside systems of the design, Kafka and ClickHouse, for one machine and in one process. Each is started on a directory
//! of its own and hands back an address; whoever uses it speaks the protocol it would speak to a cluster.

pub mod broker;
pub mod cache;
pub mod engine;

mod lock;
mod storage_path;
