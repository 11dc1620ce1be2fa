//! Before the listener is opened: do the guards hold, each by itself? Nothing is inserted; a tenant that doesn't exist must
//! see nothing, and what must not run must be refused. Whatever is not as it should be keeps the listener closed.

use chrono::{DateTime, Utc};
use query_api::store::cutoffs::RetentionCutoffs;
use schemas::settings::Retention;

use crate::refusal::Refusal;
use crate::rewrite::{RewriteContext, rewrite};
use crate::store::{Reader, Statement, Store, message};
use crate::views::{PREDICATE, TABLES, VIEWS};

/// Why the endpoint stays closed.
#[derive(Debug, thiserror::Error)]
pub enum SelfTestError {
    /// The store could not be asked, or did not answer as it should.
    #[error("the store: {0}")]
    Store(String),
    /// A guard doesn't hold.
    #[error("{0}")]
    Open(String),
}

impl From<Refusal> for SelfTestError {
    fn from(refusal: Refusal) -> Self {
        Self::Store(refusal.to_string())
    }
}

/// Statements that the rewriting must refuse.
const REFUSED: &[&str] = &[
    "SELECT * FROM system.tables2",
    "SELECT * FROM numbers(10)",
    "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT * FROM url('http://127.0.0.1/', 'LineAsString')",
    "SELECT * FROM remote('127.0.0.1', 'system', 'one')",
    "SELECT * FROM merge('.*', '.*')",
    "SELECT file('/etc/passwd')",
    "SELECT getSetting('max_threads')",
    "SELECT dictGet('a', 'b', 1)",
    "SELECT 1 INTO OUTFILE '/tmp/x'",
    "SELECT 1; SELECT 2",
    "WITH (a, b) -> 1 AS equals SELECT * FROM events",
    "INSERT INTO events SELECT * FROM events",
    "DROP TABLE events",
    "SET readonly = 0",
    "EXPLAIN SYNTAX SELECT 1",
    "EXPLAIN indexes = 1 SELECT 1 FROM events",
    "SELECT * FROM events SETTINGS additional_table_filters = {'events': '1 IN (SELECT 1 FROM base.events)'}",
];

/// Statements that the engine must refuse even if the rewriting had not.
const READONLY: &[&str] = &[
    "CREATE TABLE usertrail_self_test (x UInt8) ENGINE = Memory",
    "INSERT INTO FUNCTION null('x UInt8') SELECT 1",
    "SELECT * FROM file('usertrail-self-test', 'LineAsString', 'x String')",
    "SELECT * FROM url('http://127.0.0.1:9/', 'LineAsString', 'x String')",
    "SYSTEM FLUSH LOGS",
    "SELECT 1 SETTINGS readonly = 0",
];

/// Tests the guards; returns the engine's version.
///
/// # Errors
/// [`SelfTestError`]: the endpoint must not be opened.
pub async fn run(store: &Store) -> Result<String, SelfTestError> {
    let tenant = format!("self-test-{}", uuid::Uuid::now_v7().simple());
    let keep = RetentionCutoffs::at(Utc::now(), &Retention::default());
    let reader = Reader { tenant, keep, hidden: 0, look_back: DateTime::UNIX_EPOCH };
    let test = Test { store, reader };
    let version = test.text("SELECT version()").await?;
    let context = RewriteContext { database: store.database()?, version: version.clone() };
    test.nothing_is_seen(&context).await?;
    test.the_engine_filters(&context).await?;
    test.policies_hold(&context).await?;
    test.conditions_keep_their_order(&context).await?;
    for text in REFUSED {
        if rewrite((*text).to_owned(), Vec::new(), context.clone()).await.is_ok() {
            return Err(SelfTestError::Open(format!("not refused: {text}")));
        }
    }
    for text in READONLY {
        if test.text(text).await.is_ok() {
            return Err(SelfTestError::Open(format!("not refused by the engine: {text}")));
        }
    }
    Ok(version)
}

struct Test<'a> {
    store: &'a Store,
    reader: Reader,
}

impl Test<'_> {
    async fn text(&self, sql: &str) -> Result<String, SelfTestError> {
        let answer = self.store.run(&self.reader, &Statement::plain(sql.to_owned())).await?;
        if !answer.status().is_success() {
            return Err(SelfTestError::Store(message(answer).await));
        }
        let text = answer.text().await.map_err(|error| SelfTestError::Store(error.without_url().to_string()))?;
        Ok(text.trim_end().to_owned())
    }

    /// By the very way of all statements.
    async fn nothing_is_seen(&self, context: &RewriteContext) -> Result<(), SelfTestError> {
        for view in VIEWS {
            let rewritten = rewrite(format!("SELECT count() FROM {}", view.name), Vec::new(), context.clone()).await?;
            if self.text(&rewritten.sql).await? != "0" {
                return Err(SelfTestError::Open(format!("a tenant that doesn't exist has {}", view.name)));
            }
        }
        Ok(())
    }

    /// With the tenant's predicates left out. Tables may be empty, so a filter that can't be has to end in an error as well.
    async fn the_engine_filters(&self, context: &RewriteContext) -> Result<(), SelfTestError> {
        for view in VIEWS {
            let text = view.subquery(&context.database).replace(PREDICATE, "WHERE 1 = 1");
            if self.text(&format!("SELECT count() FROM {text}")).await? != "0" {
                return Err(SelfTestError::Open(format!("the engine's filter lets {} through", view.name)));
            }
        }
        let impossible = self.store.impossible();
        let test = Test { store: &impossible, reader: self.reader.clone() };
        for table in TABLES {
            if test.text(&format!("SELECT count() FROM {}.`{table}`", context.database)).await.is_ok() {
                return Err(SelfTestError::Open(format!("the engine heeds no filter for {table}")));
            }
        }
        Ok(())
    }

    /// A request that names no tenant must fail, also where there are no rows: the policies ask for its setting.
    async fn policies_hold(&self, context: &RewriteContext) -> Result<(), SelfTestError> {
        let Some(unnamed) = self.store.unnamed() else { return Ok(()) };
        let test = Test { store: &unnamed, reader: self.reader.clone() };
        for table in TABLES {
            if test.text(&format!("SELECT count() FROM {}.`{table}`", context.database)).await.is_ok() {
                return Err(SelfTestError::Open(format!("{table} has no row policy; run `usertrail migrate`")));
            }
        }
        Ok(())
    }

    /// A caller's condition must not stand in one step with the tenant's.
    async fn conditions_keep_their_order(&self, context: &RewriteContext) -> Result<(), SelfTestError> {
        let sql = "SELECT count() FROM events WHERE toInt32(extra) > 0 AND toInt32(action) > 0".to_owned();
        let rewritten = rewrite(sql, Vec::new(), context.clone()).await?;
        let plan = self.text(&format!("EXPLAIN actions = 1 {}", rewritten.sql)).await?;
        let mixed = |line: &str| line.contains("toInt32") && line.contains("tenant");
        if !plan.contains("toInt32") || plan.contains("Prewhere") || plan.lines().any(mixed) {
            return Err(SelfTestError::Open("the engine evaluates conditions in an order of its own".to_owned()));
        }
        Ok(())
    }
}
