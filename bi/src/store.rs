//! The engine, asked for BI tools: one request a statement, its result streamed, within settings that confine it once more.
//!
//! | guard | settings |
//! |---|---|
//! | other tenants' rows | `additional_table_filters`, for each table; `SQL_usertrail_tenant` where there are row policies |
//! | other tenants' values in errors | the caller's conditions are not evaluated before the tenant's ([`ORDERED`]) |
//! | anything but reading | `readonly`, and what the rewriting has refused before |
//! | time, memory, rows | `max_…`, from `[sql]` of the configuration |

use std::time::Duration;

use chrono::{DateTime, Utc};
use query_api::store::cutoffs::RetentionCutoffs;
use query_api::store::fair::{Bounds, Slot, TenantSlots};
use reqwest::{Client, Response};
use runtime::config::{Config, Secret, Sql};
use schemas::event::Category;
use storage::ddl::bi::TENANT_SETTING;

use crate::literals::{identifier, quoted};
use crate::refusal::{Refusal, told};
use crate::rewrite::PARAMETER_PREFIX;
use crate::views::TABLES;

/// What the engine is given beyond the statement's own time, to say that the time is up.
const GRACE: Duration = Duration::from_secs(2);
/// Largest message of an error, in bytes.
const MAX_MESSAGE: usize = 64 * 1024;

/// Keeps the tenant's condition the first that is evaluated. Otherwise the engine would bring it together with those of the
/// caller in an order of its own, move them to PREWHERE, try them on values of an index, or on a filter made of a join: a
/// cast that fails would then disclose a row that is not the tenant's. What the primary key spares is spared all the same.
pub const ORDERED: &[(&str, &str)] = &[
    ("enable_analyzer", "1"),
    ("optimize_move_to_prewhere", "0"),
    ("query_plan_optimize_prewhere", "0"),
    ("query_plan_merge_filters", "0"),
    ("enable_join_runtime_filters", "0"),
    ("ignore_data_skipping_indices", "by_action"),
    ("use_query_condition_cache", "0"),
    ("use_query_cache", "0"),
];

/// Closes what a statement that came through the rewriting could still reach.
const CLOSED: &[(&str, &str)] = &[
    ("allow_ddl", "0"),
    ("allow_introspection_functions", "0"),
    ("max_subquery_depth", "200"),
    ("max_query_size", "16777216"),
    ("max_ast_elements", "1000000"),
    ("max_expanded_ast_elements", "1000000"),
    ("timeout_overflow_mode", "throw"),
    ("read_overflow_mode", "throw"),
    ("async_insert", "0"),
    // Errors after rows come where they are looked for.
    ("http_write_exception_in_output_format", "0"),
    ("log_comment", "usertrail bi"),
];

/// A statement to run for a tenant.
#[derive(Debug)]
pub struct Statement {
    /// The text, written by the rewriting.
    pub sql: String,
    /// Values of its parameters, by the caller's names.
    pub parameters: Vec<(String, String)>,
    /// The format of the result.
    pub format: &'static str,
    /// Settings that the caller may give.
    pub settings: Vec<(String, String)>,
}

impl Statement {
    /// A statement without parameters, for the self-test.
    #[must_use]
    pub fn plain(sql: String) -> Self {
        Self { sql, parameters: Vec::new(), format: "TabSeparated", settings: Vec::new() }
    }
}

/// Whose rows are read, and how old they may be.
#[derive(Clone, Debug)]
pub struct Reader {
    /// The tenant.
    pub tenant: String,
    /// Its cutoffs.
    pub keep: RetentionCutoffs,
    /// What is hidden from whoever asks, as [`Caller::hidden`](query_api::http::caller::Caller::hidden) has it.
    pub hidden: u8,
    /// Nothing that was before it is seen.
    pub look_back: DateTime<Utc>,
}

/// What the engine is asked to filter by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filters {
    /// The tenant's rows, in each table.
    On,
    /// Nothing. The tenant's predicates in the statement are alone; for tests.
    Off,
    /// By a column that doesn't exist: every read fails, if the engine heeds its filters.
    Impossible,
}

/// The engine, as BI tools reach it. Clones share its places.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    url: String,
    database: String,
    cluster: bool,
    user: String,
    password: Secret,
    /// Whether `migrate` made row policies for the user.
    policies: bool,
    limits: Sql,
    filters: Filters,
    /// Whether requests name their tenant to the row policies.
    named: bool,
    places: TenantSlots,
}

impl Store {
    /// A store behind a client of its own.
    ///
    /// # Errors
    /// When the client can't be made.
    pub fn new(config: &Config, filters: Filters) -> reqwest::Result<Self> {
        let (clickhouse, sql) = (&config.clickhouse, &config.sql);
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .build()?;
        let (user, password) = match &sql.user {
            Some(user) => (user, &sql.password),
            None => (&clickhouse.user, &clickhouse.password),
        };
        Ok(Self {
            client,
            url: clickhouse.url.clone(),
            database: clickhouse.database.clone(),
            cluster: clickhouse.cluster.is_some(),
            user: user.clone(),
            password: password.clone(),
            policies: sql.user.is_some(),
            places: TenantSlots::new(Bounds {
                places: sql.places(),
                of_a_tenant: sql.places_of_a_tenant(),
                waiting: config.query.max_waiting_per_tenant,
            }),
            limits: sql.clone(),
            filters,
            named: true,
        })
    }

    /// The database of the tables, quoted.
    ///
    /// # Errors
    /// When its name can't be.
    pub fn database(&self) -> Result<String, Refusal> {
        identifier(&self.database)
    }

    /// The same store with filters that no read gets through.
    #[must_use]
    pub fn impossible(&self) -> Self {
        let filters = if self.filters == Filters::Off { Filters::Off } else { Filters::Impossible };
        Self { filters, ..self.clone() }
    }

    /// The same store with no guard but the row policies of its user, and no tenant named to them: it must refuse every read.
    /// `None` where the user has none.
    #[must_use]
    pub fn unnamed(&self) -> Option<Self> {
        self.policies.then(|| Self { filters: Filters::Off, named: false, ..self.clone() })
    }

    /// A place to run a statement, held until its result has been sent. Tenants get them in turn.
    ///
    /// # Errors
    /// When none is free for as long as a query may run, or too many of the tenant wait already.
    pub async fn place(&self, tenant: &str) -> Result<Slot, Refusal> {
        match tokio::time::timeout(self.longest(), self.places.enter(tenant)).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(Refusal::too_many_queries("Too many queries at the moment; try again")),
        }
    }

    /// Longest run of a statement.
    #[must_use]
    pub fn longest(&self) -> Duration {
        Duration::from_millis(self.limits.timeout_ms)
    }

    /// Runs a statement. The answer is the engine's, its body not yet read.
    ///
    /// # Errors
    /// When the engine can't be asked. What the engine refuses is an answer, too; see [`message`].
    pub async fn run(&self, reader: &Reader, statement: &Statement) -> Result<Response, Refusal> {
        let mut url: Vec<(String, String)> = vec![("default_format".to_owned(), statement.format.to_owned())];
        url.extend(self.settings(reader, &statement.settings));
        let values = statement.parameters.iter();
        url.extend(values.map(|(name, value)| (format!("param_{PARAMETER_PREFIX}{name}"), value.clone())));
        url.extend(own_parameters(reader));
        let request = self.client.post(&self.url).query(&url).body(statement.sql.clone());
        let request =
            request.header("X-ClickHouse-User", &self.user).header("X-ClickHouse-Key", self.password.expose());
        let answer = tokio::time::timeout(self.longest() + GRACE, request.send()).await;
        let answer = answer.map_err(|_| Refusal::timeout("The query took too long"))?;
        answer.map_err(|error| {
            tracing::warn!(error = %error.without_url(), "the store can't be asked for SQL");
            Refusal::network("The store can't be reached; try again")
        })
    }

    /// A caller's settings first, so that none takes the place of ours.
    fn settings(&self, reader: &Reader, wished: &[(String, String)]) -> Vec<(String, String)> {
        let bounds = [
            ("max_execution_time", self.limits.timeout_ms.div_ceil(1000)),
            ("max_memory_usage", self.limits.max_memory_bytes),
            ("max_rows_to_read", self.limits.max_rows_to_read),
            ("max_result_rows", self.limits.max_result_rows),
            ("max_result_bytes", self.limits.max_result_bytes),
        ];
        let mut settings: Vec<(String, String)> = Vec::new();
        for (name, most) in bounds {
            let wish = wished.iter().rev().find(|(wished, _)| wished == name).and_then(|(_, text)| text.parse().ok());
            // 0 says "without a bound" to the engine.
            let value = wish.filter(|wish| (1..most).contains(wish)).unwrap_or(most);
            settings.push((name.to_owned(), value.to_string()));
        }
        let others = wished.iter().filter(|(name, _)| bounds.iter().all(|(bound, _)| bound != name));
        settings.extend(others.cloned());
        if !settings.iter().any(|(name, _)| name == "result_overflow_mode") {
            settings.push(("result_overflow_mode".to_owned(), "throw".to_owned()));
        }
        let fixed = CLOSED.iter().chain(ORDERED).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        settings.extend(fixed);
        if self.filters != Filters::Off {
            settings.push(("additional_table_filters".to_owned(), self.table_filters(&reader.tenant)));
        }
        if self.policies {
            settings.push(("quota_key".to_owned(), reader.tenant.clone()));
            if self.named {
                settings.push((TENANT_SETTING.to_owned(), quoted(reader.tenant.as_bytes())));
            }
        } else {
            // A user of its own has it in its profile.
            settings.push(("readonly".to_owned(), "1".to_owned()));
        }
        settings
    }

    fn table_filters(&self, tenant: &str) -> String {
        let column = if self.filters == Filters::Impossible { "usertrail_no_such_column" } else { "tenant" };
        let filter = quoted(format!("{column} = {}", quoted(tenant.as_bytes())).as_bytes());
        let suffixes: &[&str] = if self.cluster { &["", "_local"] } else { &[""] };
        let pairs: Vec<String> = TABLES
            .iter()
            .flat_map(|table| suffixes.iter().map(move |suffix| format!("{}.{table}{suffix}", self.database)))
            .map(|table| format!("{}: {filter}", quoted(table.as_bytes())))
            .collect();
        format!("{{{}}}", pairs.join(", "))
    }
}

/// The parameters that the views name.
fn own_parameters(reader: &Reader) -> Vec<(String, String)> {
    let time = |time: DateTime<Utc>| time.format("%Y-%m-%d %H:%M:%S%.3f").to_string();
    let keep = &reader.keep;
    let named = [
        ("tenant", reader.tenant.clone()),
        ("hidden", reader.hidden.to_string()),
        ("look_back", time(reader.look_back)),
        ("oldest", time(keep.oldest())),
        ("sign_ins", time(keep.of(Category::SignIns))),
        ("changes", time(keep.of(Category::Changes))),
        ("views", time(keep.of(Category::Views))),
        ("configuration", time(keep.of(Category::Configuration))),
        ("other", time(keep.of(Category::Other))),
    ];
    named.into_iter().map(|(name, value)| (format!("param_bi_{name}"), value)).collect()
}

/// What the engine said instead of a result.
pub async fn message(mut answer: Response) -> String {
    let mut bytes = Vec::new();
    // A message that breaks off is passed on as far as it came.
    while let Ok(Some(piece)) = answer.chunk().await {
        bytes.extend_from_slice(&piece);
        if bytes.len() > MAX_MESSAGE {
            break;
        }
    }
    told(&String::from_utf8_lossy(&bytes))
}
